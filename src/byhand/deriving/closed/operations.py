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

from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring, Rule
from byhand.deriving.closed.terms import Base, Made, OneHot
from byhand.deriving.recording import where
from byhand.ops import elementwise as el
from byhand.ops.elementwise import LOGICAL_NOT
from byhand.ops.reduction import count
from byhand.program.kinds import is_array, is_torch

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


def where_(ring: Ring, condition: Any, x: Any, y: Any) -> Poly | None:
    """One side where the other is 0: a mask times a value."""
    x, y = ring.poly(x), ring.poly(y)
    mask = ring.poly(condition)
    if mask.value.dtype != bool and not _is_mask(mask):
        return None
    if y.zero:
        return ring.product(mask, x)
    if x.zero:
        return ring.product(negated(ring, mask), y)
    return None


def _is_mask(mask: Poly) -> bool:
    monomial = mask.single
    return monomial is not None and all(f.base.idempotent for f, _ in monomial)


# Comparisons, known by the signs of x - y for which they hold.

SIGNS: Mapping[str, frozenset[str]] = {
    "greater": frozenset(">"),
    "greater_equal": frozenset(">="),
    "less": frozenset("<"),
    "less_equal": frozenset("<="),
    "equal": frozenset("="),
    "not_equal": frozenset("<>"),
}
COMPARISONS = {
    SIGNS[op.name]: op
    for op in (el.GREATER, el.GREATER_EQUAL, el.LESS, el.LESS_EQUAL, el.EQUAL, el.NOT_EQUAL)
}


def comparison(signs: frozenset[str]) -> Operation:
    return lambda ring, x, y: compared(ring, ring.raw(x), ring.raw(y), signs)


def compared(ring: Ring, x: Poly, y: Poly, signs: frozenset[str]) -> Poly:
    """The mask of where x - y has one of these signs."""
    mask = ring.made(COMPARISONS[signs], (x, y), {})
    ((monomial, _),) = mask.terms.items()
    ring.compared[monomial[0][0].base] = ((x.key, y.key, len(x.shape), len(y.shape)), signs)
    return mask


def negated(ring: Ring, mask: Poly) -> Poly:
    """The opposite mask."""
    base = _only(mask)
    if base is not None and isinstance(base, Made) and base in ring.compared:
        found = opposite(ring, base)
        return ring.moved(found, _places(base, mask), mask.shape)
    if base is not None and isinstance(base, Made) and base.op is LOGICAL_NOT:
        return ring.moved(base.args[0], _places(base, mask), mask.shape)
    return ring.made(LOGICAL_NOT, (mask,), {})


def opposite(ring: Ring, base: Made) -> Poly:
    _, signs = ring.compared[base]
    x, y = base.args
    return compared(ring, x, y, frozenset("<=>") - signs)


def _only(p: Poly) -> Base | None:
    monomial = p.single
    if monomial is None or len(monomial) != 1 or monomial[0][1] != 1:
        return None
    return monomial[0][0].base


def _places(base: Base, mask: Poly) -> dict[int, int]:
    """Where the axes of a base stand in a mask that is it alone."""
    ((monomial, _),) = mask.terms.items()
    own = {axis: place for place, axis in base.view}
    return {own[axis]: place for place, axis in monomial[0][0].view}


def logical_not(ring: Ring, mask: Any) -> Poly | None:
    mask = ring.poly(mask)
    return negated(ring, mask) if _is_mask(mask) else None


def logical_and(ring: Ring, x: Any, y: Any) -> Poly | None:
    x, y = ring.poly(x), ring.poly(y)
    return ring.product(x, y) if _is_mask(x) and _is_mask(y) else None


# Reductions.


def sum_(ring: Ring, x: Any, axis: Any = None, keepdims: bool = False) -> Poly:
    x = ring.poly(x)
    ndim = x.ndim
    axes = axes_of(axis, ndim)
    summed = ring.total(x, frozenset(ndim - 1 - a for a in axes))
    return summed if keepdims else dropped(ring, summed, axes)


def mean(ring: Ring, x: Any, axis: Any = None, keepdims: bool = False) -> Poly | None:
    x = ring.poly(x)
    n = count(x.shape, axis)
    if n == 0:
        return None
    return ring.product(sum_(ring, x, axis, keepdims), ring.power(ring.number(n), -1))


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(sorted(int(a) % ndim for a in axes))


# Other places for the same axes.


def rearranged(ring: Ring, p: Poly, sources: tuple[int | None, ...]) -> Poly:
    """Axes in another order: `sources` has an axis of `p`, or None for a new one of length 1."""
    ndim, new = p.ndim, len(sources)
    moves = {
        ndim - 1 - source: new - 1 - a for a, source in enumerate(sources) if source is not None
    }
    shape = tuple(1 if s is None else p.shape[s] for s in sources)
    return ring.moved(p, moves, shape)


def dropped(ring: Ring, p: Poly, axes: tuple[int, ...]) -> Poly:
    return rearranged(ring, p, tuple(a for a in range(p.ndim) if a not in axes))


def transpose(ring: Ring, x: Any, axes: Any = None) -> Poly:
    x = ring.poly(x)
    order = range(x.ndim)[::-1] if axes is None else [a % x.ndim for a in axes]
    return rearranged(ring, x, tuple(order))


def expand_dims(ring: Ring, x: Any, axis: Any) -> Poly:
    x = ring.poly(x)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    new = x.ndim + len(axes)
    added = {a % new for a in axes}
    old = iter(range(x.ndim))
    return rearranged(ring, x, tuple(None if a in added else next(old) for a in range(new)))


def squeeze(ring: Ring, x: Any, axis: Any = None) -> Poly:
    x = ring.poly(x)
    ones = tuple(a for a in range(x.ndim) if x.shape[a] == 1)
    return dropped(ring, x, ones if axis is None else axes_of(axis, x.ndim))


def reshape(ring: Ring, x: Any, shape: Any) -> Poly | None:
    """Only where it adds or drops axes of length 1."""
    x = ring.poly(x)
    value = np.reshape(x.value, tuple(map(int, shape)) if isinstance(shape, tuple) else int(shape))
    long = [a for a in range(x.ndim) if x.shape[a] != 1]
    if [x.shape[a] for a in long] != [n for n in value.shape if n != 1] or not value.size:
        return None
    rest = iter(long)
    return rearranged(ring, x, tuple(None if n == 1 else next(rest) for n in value.shape))


def broadcast_to(ring: Ring, x: Any, shape: Any) -> Poly:
    x = ring.poly(x)
    return Poly(ring, x.terms, tuple(shape))


def getitem(ring: Ring, x: Any, index: Any) -> Poly | None:
    """New axes, an axis of length 1 left out, or one element of each row."""
    x = ring.poly(x)
    items: list[Any] = list(index) if isinstance(index, tuple) else [index]
    if any(_is_list(item) for item in items):
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


def _is_list(item: Any) -> bool:
    return isinstance(item, (list, range)) or is_array(item) or is_torch(item)


def picked(ring: Ring, x: Poly, items: list[Any]) -> Poly | None:
    """`x[np.arange(n), y]`: the sum over the last axis of x times a one-hot array."""
    hot = one_hot(ring, items, x.shape)
    if hot is None:
        return None
    axis = x.ndim - 1
    return dropped(ring, ring.total(ring.product(hot, x), frozenset({0})), (axis,))


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
    return [ring.arange(int(shape[0]))] * 2


def scatter(ring: Ring, g: Any, index: Any, shape: Any) -> Poly | None:
    """The way back of that: g where the element was read."""
    items: list[Any] = list(index) if isinstance(index, tuple) else [index]
    g = ring.poly(g)
    hot = one_hot(ring, items, tuple(shape))
    if hot is None:
        return None
    if g.ndim:
        g = expand_dims(ring, g, -1)
    return ring.product(g, hot)


def one_hot(ring: Ring, items: list[Any], shape: tuple[int, ...]) -> Poly | None:
    """Ones where the index reads, if that is one element of every row of a matrix."""
    if len(items) != 2 or len(shape) != 2:
        return None
    rows, columns = (np.asarray(item) if _is_list(item) else None for item in items)
    if rows is None or columns is None or columns.dtype.kind not in "iu" or columns.ndim != 1:
        return None
    if len(columns) != shape[0] or not np.array_equal(rows, np.arange(shape[0])):
        return None
    if len(columns) and (columns.min() < 0 or columns.max() >= shape[1]):
        return None
    value = np.zeros(tuple(map(int, shape)))
    value[rows, columns] = 1
    key = ("one hot", where(columns) or id(items[1]), shape)
    base = ring.base(
        key,
        lambda: OneHot(tuple(map(int, shape)), value, True, index=tuple(items), worded=shape),
    )
    hot = Poly(ring, ring.atom(base).terms, tuple(shape))
    if base not in ring.hot:  # every row has a single 1
        ring.hot.add(base)
        ((row, _),) = ring.total(hot, frozenset({0})).terms.items()
        ring.instead[row[0][0].base] = Rule(row[0][0].base, Poly(ring, {(): 1}, ()), None)
    return hot


OPERATIONS: Mapping[str, Operation] = {
    "add": add,
    "subtract": subtract,
    "negative": negative,
    "positive": positive,
    "multiply": multiply,
    "divide": divide,
    "power": power,
    "sqrt": sqrt,
    "square": square,
    "reciprocal": reciprocal,
    "where": where_,
    **{name: comparison(signs) for name, signs in SIGNS.items()},
    "logical_not": logical_not,
    "logical_and": logical_and,
    "diagonal": diagonal,
    "sum": sum_,
    "mean": mean,
    "transpose": transpose,
    "expand_dims": expand_dims,
    "squeeze": squeeze,
    "reshape": reshape,
    "broadcast_to": broadcast_to,
    "getitem": getitem,
    "scatter": scatter,
}
