"""Which steps of forward are used for which: what a gradient may come back from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from byhand.engine.tensor import Tensor
from byhand.program.program import Program
from byhand.referees.referee import Key


def reached(
    program: Program, keys: Collection[Key], near: bool = False
) -> Mapping[Key, frozenset[Key]]:
    """Those of these steps that each is used for, near or far; or, `near`, the first of them on
    every path."""
    steps = program.by_key
    by_tensor = {steps[key].tensor: key for key in keys}
    found: dict[Tensor, set[Key]] = {}
    for tensor in program.tensors[::-1]:
        passed = found.setdefault(tensor, set())
        if tensor in by_tensor:
            passed = {by_tensor[tensor]} if near else passed | {by_tensor[tensor]}
        for arg in tensor.args:
            if isinstance(arg, Tensor):
                found.setdefault(arg, set()).update(passed)
    return {key: frozenset(found[steps[key].tensor]) for key in keys}
