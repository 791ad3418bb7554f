"""The ops that the ring computes itself, as `(ring, *args, **params) -> Poly`.

None says that the ring can't after all: the result is then an array known by how it was made.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from byhand.codegen.sizes import SymInt
from byhand.deriving.closed.comparing import SIGNS, comparison, logical_and, logical_not, where_
from byhand.deriving.closed.one_hot import diagonal, is_list, picked, scatter
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.sums import sum_over
from byhand.deriving.closed.views import (
    REARRANGING,
    axes_of,
    dropped,
    rearranged,
    reshape,
)
from byhand.ops import named
from byhand.ops.reduction import count

Operation = Callable[..., Poly | None]


def add(ring: Ring, x: Any, y: Any) -> Poly:
    return ring.sum(ring.poly(x), ring.poly(y))


def subtract(ring: Ring, x: Any, y: Any) -> Poly:
    return ring.sum(ring.poly(x), ring.scaled(ring.poly(y), -1))


def negative(ring: Ring, x: Any) -> Poly:
    return ring.scaled(ring.poly(x), -1)


def positive(ring: Ring, x: Any) -> Poly:
    return ring.poly(x)


def multiply(ring: Ring, x: Any, y: Any) -> Poly:
    return ring.product(ring.poly(x), ring.poly(y))


def divide(ring: Ring, x: Any, y: Any) -> Poly | None:
    below = ring.poly(y)
    return None if below.zero else ring.product(ring.poly(x), ring.power(below, -1))


def power(ring: Ring, x: Any, y: Any) -> Poly | None:
    """Of a fixed exponent; halves and thirds are fractions."""
    exponent = exponent_of(ring.poly(y))
    x = ring.poly(x)
    if exponent is None or (exponent < 0 and x.zero):
        return None
    if exponent == 0:
        return Poly(ring, {(): 1}, x.shape)
    return ring.power(x, exponent)


def exponent_of(p: Poly) -> Fraction | None:
    """The number that an exponent is, if it is one without any names and simple."""
    if p.zero:
        return Fraction(0)
    if set(p.terms) != {()}:
        return None
    exponent = Fraction(p.terms[()])
    near = exponent.limit_denominator(12)
    return near if abs(exponent) <= 16 and abs(float(near) - float(exponent)) < 1e-15 else None


def sqrt(ring: Ring, x: Any) -> Poly:
    return ring.power(ring.poly(x), Fraction(1, 2))


def square(ring: Ring, x: Any) -> Poly:
    return ring.power(ring.poly(x), 2)


def reciprocal(ring: Ring, x: Any) -> Poly:
    return ring.power(ring.poly(x), -1)


# Reductions.


def sum_(ring: Ring, x: Any, axis: Any = None, keepdims: bool = False) -> Poly:
    x = ring.poly(x)
    ndim = x.ndim
    axes = axes_of(axis, ndim)
    summed = sum_over(ring, x, frozenset(ndim - 1 - a for a in axes))
    return summed if keepdims else dropped(ring, summed, axes)


def mean(ring: Ring, x: Any, axis: Any = None, keepdims: bool = False) -> Poly | None:
    x = ring.poly(x)
    n = count(x.shape, axis)
    if n == 0:
        return None
    summed = sum_(ring, x, axis, keepdims)
    if n == 1:  # as `total` takes it: an axis of length 1 is summed by leaving it out
        return summed
    return ring.product(summed, ring.power(ring.number(n), -1))


def getitem(ring: Ring, x: Any, index: Any) -> Poly | None:
    """New axes, an axis of length 1 left out, or one element of each row."""
    x = ring.poly(x)
    items: list[Any] = list(index) if isinstance(index, tuple) else [index]
    if any(is_list(item) for item in items) or (x.ndim == 1 and isinstance(items[0], SymInt)):
        return picked(ring, x, items)
    taken = sum(item is not None and item is not ... for item in items)
    if any(item is ... for item in items):
        at = next(i for i, item in enumerate(items) if item is ...)
        items[at : at + 1] = [slice(None)] * (x.ndim - taken)
    else:
        items += [slice(None)] * (x.ndim - taken)
    sources: list[int | None] = []
    axis = 0
    for item in items:
        if item is None:
            sources.append(None)
            continue
        if isinstance(item, slice) and item == slice(None):
            sources.append(axis)
        elif not (isinstance(item, (int, np.integer)) and x.shape[axis] == 1):
            return None
        axis += 1
    return rearranged(ring, x, tuple(sources))


OPERATIONS: Mapping[str, Operation] = {
    **named(add, subtract, negative, positive, multiply, divide, power, sqrt, square, reciprocal),
    **named(where_, logical_not, logical_and, diagonal, sum_, mean, reshape, getitem, scatter),
    **{name: comparison(signs) for name, signs in SIGNS.items()},
    **REARRANGING,
}
