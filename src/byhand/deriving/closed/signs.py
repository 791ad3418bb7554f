"""Which values of forward are positive or never zero, as far as its own text says."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.engine.tensor import Tensor

POSITIVE = {"exp", "exp2", "sigmoid", "cosh", "logaddexp"}
LIKE_ITS_INPUT = {
    "sum", "mean", "max", "min", "prod", "cbrt", "reciprocal", "positive", "reshape",
    "transpose", "expand_dims", "squeeze", "broadcast_to", "getitem", "take", "sort", "flip",
}  # fmt: skip


@dataclass(frozen=True)
class Signs:
    """Values that are positive, and values that are not zero."""

    positive: frozenset[Tensor]
    nonzero: frozenset[Tensor]


def signs(order: Sequence[Tensor]) -> Signs:
    """What forward divides by or takes the log of isn't zero; an exponential is positive."""
    found: set[Tensor] = set()
    for tensor in order:
        op = tensor.op
        if op is None:
            continue
        match op.name:
            case "divide":
                found |= _tensors(tensor.args[1:2])
            case "log" | "log2" | "log10" | "reciprocal":
                found |= _tensors(tensor.args[:1])
            case "power" if not isinstance(tensor.args[1], Tensor) and _least(tensor.args[1]) < 0:
                found |= _tensors(tensor.args[:1])
            case _:
                pass
    least: dict[Tensor, int] = {}
    for tensor in order:
        least[tensor] = _sign(tensor, least)
        if least[tensor] == 2 or (least[tensor] == 1 and tensor in found):
            least[tensor] = 2
            found.add(tensor)
    for tensor in order:  # a quotient or a power is zero only where what is above is
        kind = tensor.op.name if tensor.op is not None else ""
        if kind == "reciprocal" or (kind == "power" and _tensors(tensor.args[:1]) <= found):
            found.add(tensor)
    return Signs(frozenset(t for t, sign in least.items() if sign == 2), frozenset(found))


def _tensors(args: Sequence[Any]) -> set[Tensor]:
    return {arg for arg in args if isinstance(arg, Tensor)}


def _least(x: Any) -> float:
    return float(np.min(x)) if np.size(x) else 0.0


def _sign(tensor: Tensor, known: dict[Tensor, int]) -> int:
    """2 for a value that can only be positive, 1 for one that is at least not negative."""

    def of(x: Any) -> int:
        if isinstance(x, Tensor):
            return known.get(x, 0)
        least = _least(x)
        return 2 if least > 0 else 1 if least == 0 else 0

    op = tensor.op
    if op is None:
        return 0
    signs = [of(arg) for arg in tensor.args]
    match op.name:
        case name if name in POSITIVE:
            return 2
        case name if name in LIKE_ITS_INPUT:
            return signs[0]
        case "add":
            return max(signs) if min(signs) >= 1 else 0
        case "multiply" | "divide":
            return min(signs)
        case "sqrt":
            return max(signs[0], 1)
        case "square" | "absolute" | "var" | "std":
            return 1
        case "power":
            exponent = tensor.args[1]
            if signs[0] == 2:
                return 2
            if isinstance(exponent, Tensor):
                return signs[0]
            if np.all(np.asarray(exponent) % 1 != 0):  # a root: there is none of a negative number
                return 2 if _least(exponent) < 0 else max(signs[0], 1)
            even = np.all(np.asarray(exponent) % 2 == 0)
            return max(signs[0], 1) if even else signs[0]
        case "maximum":
            return max(signs)
        case _:
            return 0
