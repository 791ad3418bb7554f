"""One element of each row: a sum with a one-hot array, and the way back."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.codegen import nodes as nd
from byhand.codegen.notes import where
from byhand.codegen.sizes import SymInt
from byhand.deriving.closed.bases import OneHot
from byhand.deriving.closed.facts import Rule
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.sums import sum_over
from byhand.deriving.closed.terms import Base
from byhand.deriving.closed.views import dropped, expand_dims
from byhand.values.arrays import is_array, is_torch


def picked(ring: Ring, x: Poly, items: list[Any]) -> Poly | None:
    """`x[np.arange(n), y]`: the sum over the last axis of x times a one-hot array."""
    hot = one_hot(ring, items, x.shape)
    if hot is None:
        return None
    axis = x.ndim - 1
    return dropped(ring, sum_over(ring, ring.product(hot, x), frozenset({0})), (axis,))


def diagonal(ring: Ring, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Poly | None:
    """Of a square matrix: the element of each row that has the row's own number."""
    x = ring.poly(x)
    places = diagonal_places(ring, x.shape, offset, axis1, axis2)
    return None if places is None else picked(ring, x, places)


def diagonal_places(
    ring: Ring, shape: tuple[int, ...], offset: int = 0, axis1: int = 0, axis2: int = 1
) -> list[Any] | None:
    if len(shape) != 2 or offset or shape[0] != shape[1] or axis1 == axis2:
        return None
    return [ring.arrays.arange(int(shape[0]))] * 2


def scatter(ring: Ring, g: Any, index: Any, shape: Any) -> Poly | None:
    """The way back of that: g where the element was read."""
    items: list[Any] = list(index) if isinstance(index, tuple) else [index]
    g = ring.poly(g)
    hot = one_hot(ring, items, tuple(shape))
    if hot is None:
        return None
    if len(shape) == 2 and g.ndim:
        g = expand_dims(ring, g, -1)
    return ring.product(g, hot)


def one_hot(ring: Ring, items: list[Any], shape: tuple[int, ...]) -> Poly | None:
    """Ones where the index reads, if that is one element of every row of a matrix."""
    if len(items) == 1 and len(shape) == 1 and isinstance(items[0], SymInt):
        return _hot_place(ring, items[0], shape)
    if len(items) != 2 or len(shape) != 2:
        return None
    rows, columns = (np.asarray(item) if is_list(item) else None for item in items)
    if rows is None or columns is None or columns.dtype.kind not in "iu" or columns.ndim != 1:
        return None
    if len(columns) != shape[0] or not np.array_equal(rows, np.arange(shape[0])):
        return None
    if len(columns) and (columns.min() < 0 or columns.max() >= shape[1]):
        return None
    value = np.zeros(tuple(map(int, shape)))
    value[rows, columns] = 1
    key = ("one hot", where(columns) or id(items[1]), shape)
    base = ring.arrays.base(
        key,
        lambda: OneHot(tuple(map(int, shape)), value, True, index=tuple(items), worded=shape),
    )
    hot = Poly(ring, ring.atom(base).terms, tuple(shape))
    return _known(ring, base, hot)


def _hot_place(ring: Ring, place: SymInt, shape: tuple[int, ...]) -> Poly | None:
    """The same for one element of a row."""
    if not 0 <= int(place) < shape[0]:
        return None
    value = np.zeros(int(shape[0]))
    value[int(place)] = 1
    key = ("one hot", nd.shown(place.node), shape)
    whole = tuple(map(int, shape))
    base = ring.arrays.base(key, lambda: OneHot(whole, value, True, index=(place,), worded=shape))
    return _known(ring, base, Poly(ring, ring.atom(base).terms, tuple(shape)))


def _known(ring: Ring, base: Base, hot: Poly) -> Poly:
    """Every row has a single 1."""
    rows = ring.arrays.one_rows
    if base not in rows:
        ((row, _),) = sum_over(ring, hot, frozenset({0})).terms.items()
        rows[base] = Rule(row[0][0].base, Poly(ring, {(): 1}, ()), None)
    return hot


def is_list(item: Any) -> bool:
    return isinstance(item, (list, range)) or is_array(item) or is_torch(item)
