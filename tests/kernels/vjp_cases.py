"""Eight of the kernels as `jax.custom_vjp`, right and with mistakes planted in them."""

from __future__ import annotations

import itertools
import linecache
from functools import cache
from pathlib import Path
from typing import Any

import jax
import numpy as np
from kernel_cases import Kernel
from kernel_mistakes import VJP_MISTAKES, Mistake

from byhand.jax_dialect.arrays import float64

NAMES = tuple(VJP_MISTAKES)
_fresh = itertools.count()


@cache
def vjp(name: str, mistake: Mistake | None = None) -> Kernel:
    """The kernel, right or with one mistake."""
    path = Path(__file__).parent / "vjps" / f"{name}.py"
    source, file = path.read_text("utf-8"), str(path)
    if mistake is not None:
        source = mistake.planted(source)
        file = f"{path.with_suffix('')}-{VJP_MISTAKES[name].index(mistake) + 1}.py"
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    made: dict[str, Any] = {"__name__": f"vjps_{name}", "__file__": file}
    exec(compile(source, file, "exec"), made)
    return Kernel(name, source, made[name], made[name], made["inputs"], made["reference"])


def differ(case: Kernel, seed: int = 0) -> bool:
    """Whether jax.vjp of the reference gives other gradients, in float64."""
    with float64():
        given = case.inputs(np.random.default_rng(seed))
        floats = {n: v for n, v in given.items() if getattr(v, "dtype", None) == np.float64}
        rest = {n: v for n, v in given.items() if n not in floats}

        def gradients(of: Any) -> Any:
            out, back = jax.vjp(lambda some: of(*({**some, **rest}[n] for n in given)), floats)
            return back(np.random.default_rng(1).normal(size=out.shape))[0]

        ours, theirs = gradients(case.call), gradients(case.reference)
        return not all(np.allclose(ours[n], theirs[n], rtol=1e-9, atol=1e-9) for n in floats)
