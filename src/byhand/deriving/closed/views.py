"""Other places for the same axes: transposes, new axes, axes of length 1 left out."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.ops import named


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


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(sorted(int(a) % ndim for a in axes))


REARRANGING = named(transpose, expand_dims, squeeze, broadcast_to)
"""What moves axes as a whole, by the names of the ops."""
