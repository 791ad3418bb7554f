"""Which values of forward are positive or never zero, as far as its own text says."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from byhand.engine.tensor import Tensor
from byhand.ops.elementwise import POWER, RECIPROCAL
from byhand.ops.signs import Sign, sign_of, smallest


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
        for position in op.poles:
            found |= _tensors(tensor.args[position : position + 1])
        if op is POWER and not isinstance(tensor.args[1], Tensor) and smallest(tensor.args[1]) < 0:
            found |= _tensors(tensor.args[:1])
    known: dict[Tensor, Sign] = {}
    for tensor in order:
        sign = _sign(tensor, known)
        if sign is Sign.NOT_NEGATIVE and tensor in found:
            sign = Sign.POSITIVE
        if sign is Sign.POSITIVE:
            found.add(tensor)
        known[tensor] = sign
    for tensor in order:  # a power is zero only where its base is, and one over something never
        if tensor.op is RECIPROCAL or (tensor.op is POWER and _tensors(tensor.args[:1]) <= found):
            found.add(tensor)
    positive = frozenset(t for t, sign in known.items() if sign is Sign.POSITIVE)
    return Signs(positive, frozenset(found))


def _tensors(args: Sequence[Any]) -> set[Tensor]:
    return {arg for arg in args if isinstance(arg, Tensor)}


def _sign(tensor: Tensor, known: Mapping[Tensor, Sign]) -> Sign:
    """As the op's record says it."""
    if tensor.op is None:
        return Sign.UNKNOWN
    signs = [
        known.get(x, Sign.UNKNOWN) if isinstance(x, Tensor) else sign_of(x) for x in tensor.args
    ]
    numbers = [None if isinstance(x, Tensor) else x for x in tensor.args]
    return tensor.op.sign(signs, numbers)
