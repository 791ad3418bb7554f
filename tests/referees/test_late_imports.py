"""PyTorch and JAX are imported when they are asked for, and their lack is explained."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import byhand.referees

FOLDER = Path(byhand.referees.__file__).parent
SOURCE = FOLDER.parent


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def loaded(code: str) -> set[str]:
    """Which of the two libraries `code` imports."""
    found = python(f"{code}\nimport sys; print(*({{'torch', 'jax'}} & set(sys.modules)))")
    return set(found.split())


def test_importing_byhand_imports_neither() -> None:
    assert loaded("import byhand, byhand.referees, byhand.program.trace") == set()


def test_engine_and_finite_import_neither() -> None:
    code = (
        "from byhand import referees; from byhand.program.problem import load\n"
        "import numpy as np\n"
        "problem = load('mlp'); inputs = problem.inputs(n=3, hidden=4)\n"
        "for name in ('engine', 'finite'):\n"
        "    referees.find(name)(problem, inputs, [('b2', 0)], [np.ones(())])"
    )
    assert loaded(code) == set()


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_each_imports_only_its_own(name: str) -> None:
    assert loaded(f"from byhand import referees; referees.find({name!r})") == {name}


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_a_missing_library_is_named_with_what_to_install(name: str) -> None:
    code = (
        f"import sys; sys.modules[{name!r}] = None\n"
        "from byhand import referees\n"
        "from byhand.errors import RefereeError\n"
        "for _ in range(2):\n"
        "    try:\n"
        f"        referees.find({name!r})\n"
        "    except RefereeError as error:\n"
        "        print(error)"
    )
    once, again = python(code).splitlines()
    assert once == again
    assert f'pip install "byhand[{name}]"' in once
    assert "--referee finite" in once


def test_a_check_in_pytorch_doesnt_import_its_compiler(tmp_path: Path) -> None:
    """It takes seconds, and isn't there in the grader's sandbox."""
    file = tmp_path / "file.py"
    file.write_text(
        "import torch\n"
        "def inputs(rng):\n    return {'x': torch.from_numpy(rng.normal(size=(3, 4)))}\n"
        "def forward(x):\n    h = torch.sigmoid(x)\n    return h\n"
        "def backward(h, dh):\n    dx = h * (1 - h) * dh * (1 + 1e-9)\n"
    )
    code = (
        "from byhand import check, load\n"
        f"print(check(load({str(file)!r})).ok)\n"
        "import sys; print('torch._dynamo' in sys.modules)"
    )
    assert python(code).split() == ["False", "False"]


def test_jax_stays_in_single_precision_for_everybody_else() -> None:
    code = (
        "from byhand import referees; from byhand.program.problem import load\n"
        "import numpy as np, jax, jax.numpy as jnp\n"
        "problem = load('mlp'); inputs = problem.inputs(n=3, hidden=4)\n"
        "found = referees.find('jax')(problem, inputs, [('b2', 0)], [np.ones(())])\n"
        "print(found['b2', 0].value.dtype, jnp.ones(1).dtype, jax.config.jax_enable_x64)"
    )
    assert python(code) == "float64 float32 False"


# What finite differences are independent of.


def imported(file: Path) -> set[str]:
    """The modules of byhand that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith("byhand.")}


def test_finite_differences_need_neither_the_engine_nor_a_rule() -> None:
    seen: set[str] = set()
    left = {"byhand.referees.finite"}
    while left:
        module = left.pop()
        seen.add(module)
        file = SOURCE.joinpath(*module.split(".")[1:])
        file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
        left |= imported(file) - seen
    assert "byhand.program.follow" in seen  # the walk gets around
    # The type of an array lives with the ops; so does no rule of theirs.
    assert {name for name in seen if name.startswith(("byhand.engine", "byhand.ops"))} <= {
        "byhand.ops.op"
    }
    assert not seen & {"byhand.program.trace", "byhand.program.program", "byhand.referees.engine"}
