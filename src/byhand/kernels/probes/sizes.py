"""Calls of a kernel at other sizes than the usual ones."""

from __future__ import annotations

import math
from collections.abc import Mapping

from byhand.kernels.bench import Attempt, Bench
from byhand.kernels.kernel import Inputs

LARGEST = 1 << 20
"""Elements of one input; larger ones take too long for a check."""


def at(bench: Bench, sizes: Mapping[str, int]) -> Attempt | None:
    """A call at these sizes; None where the inputs, or the reference, don't go with them.

    What the kernel's forward raises is in the attempt, if the reference takes the inputs.
    """
    try:
        inputs = bench.made(sizes)
    except Exception:
        return None
    if any(math.prod(shape) > LARGEST for shape in _shapes(bench, inputs).values()):
        return None
    return bench.other(inputs)


def at_one(bench: Bench, name: str, size: int) -> Attempt | None:
    """A call with one size changed; None also where shapes don't grow with it as they do
    elsewhere: of two experts a row chooses both, of one it can't."""
    usual = bench.kernel.sizes
    try:
        one, two, there = (
            _shapes(bench, bench.made({**usual, name: n}))
            for n in (usual[name], usual[name] + 1, size)
        )
    except Exception:
        return None
    for array, shape in one.items():
        if len(two[array]) != len(shape) or len(there[array]) != len(shape):
            return None
        for a, b, found in zip(shape, two[array], there[array], strict=True):
            if found != a + (b - a) * (size - usual[name]):
                return None
    return at(bench, {**usual, name: size})


def _shapes(bench: Bench, inputs: Inputs) -> dict[str, tuple[int, ...]]:
    is_array = bench.kernel.framework.is_array
    return {name: bench.shape(value) for name, value in inputs.items() if is_array(value)}
