"""Every op of the registry, each of its samples: the derived backward gives the engine's gradient.

An op can't escape: whatever `REGISTRY` holds that has a derivative is derived, in both dialects.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from deriving_cases import assert_right

from byhand.ops import REGISTRY
from byhand.ops.op import Op, Sample
from byhand.program.problem import load
from sweeps import a_few

DIFFERENTIABLE = [pytest.param(op, id=name) for name, op in REGISTRY.items() if op.differentiable]


def forward_of(op: Op, case: Sample, folder: Path) -> Any:
    names = [f"x{i}" for i in range(len(case.shapes))]
    file = folder / "one_op.py"
    file.write_text(
        "import numpy as np\nOP, PARAMS = None, {}\n"
        "def inputs(rng): return {}\n"
        f"def forward({', '.join(names)}):\n"
        f"    out = OP({', '.join(names)}, **PARAMS)\n"
        "    return out\n"
    )
    problem = load(file)
    problem.forward.globals.update(OP=op, PARAMS=dict(case.params))  # pyright: ignore
    return problem


def drawn(op: Op, case: Sample) -> dict[str, Any]:
    rng = np.random.default_rng(zlib.crc32(f"{op.name}{case.shapes}{case.params}".encode()))
    return {
        f"x{i}": np.asarray(op.domain(i).draw(rng, shape)) for i, shape in enumerate(case.shapes)
    }


@pytest.mark.parametrize("dialect", ["numpy", "torch"])
@pytest.mark.parametrize("op", a_few(DIFFERENTIABLE))
def test_every_op_derives(op: Op, dialect: str, tmp_path: Path) -> None:
    for case in op.samples:
        inputs = drawn(op, case)
        assert_right(forward_of(op, case, tmp_path), inputs, dialect, f"{op.name}: {case}")
