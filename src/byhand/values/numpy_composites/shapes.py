"""Shapes: arrays turned, put together, laid out."""

# NumPy does not say what its functions give for an operand.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from byhand.values.numpy_composites.answers import answers, ndim, row


@answers(np.rot90)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    first, second = axes
    match k % 4:
        case 0:
            return m
        case 1:
            return np.swapaxes(np.flip(m, second), first, second)
        case 2:
            return np.flip(m, (first, second))
        case _:
            return np.flip(np.swapaxes(m, first, second), second)


@answers(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    n = ndim(a)
    axis, start = axis % n, start + n if start < 0 else start
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


@answers(np.atleast_3d)
def atleast_3d(a: Any) -> Any:
    match np.shape(a):
        case ():
            return np.reshape(a, (1, 1, 1))
        case (n,):
            return np.reshape(a, (1, n, 1))
        case (n, m):
            return np.reshape(a, (n, m, 1))
        case _:
            return a


@answers(np.dstack)
def dstack(tup: Sequence[Any]) -> Any:
    return np.concatenate([np.atleast_3d(a) for a in tup], axis=2)


@answers(np.block)
def block(arrays: Any) -> Any:
    """Nested lists: those innermost along the last axis, those around them along the one before."""
    depth = _depth(arrays)
    n = builtins.max(depth, *(ndim(x) for x in _flat(arrays)), 0)

    def joined(part: Any, axis: int) -> Any:
        if not isinstance(part, list):
            return np.reshape(part, (1,) * (n - ndim(part)) + tuple(np.shape(part)))
        return np.concatenate([joined(each, axis + 1) for each in part], axis=axis)

    return joined(arrays, n - depth)


def _depth(part: Any) -> int:
    return 1 + _depth(part[0]) if isinstance(part, list) else 0


def _flat(part: Any) -> list[Any]:
    return [x for each in part for x in _flat(each)] if isinstance(part, list) else [part]


@answers(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    n = len(xi)
    order = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    grids = [
        np.reshape(x, tuple(-1 if axis == order[k] else 1 for axis in range(n)))
        for k, x in enumerate(xi)
    ]
    return tuple(grids) if sparse else tuple(np.broadcast_arrays(*grids))


@answers(np.linspace)
def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, *, axis: int = 0) -> Any:
    way = np.subtract(stop, start)
    shares = np.arange(num) / builtins.max(num - 1 if endpoint else num, 1)
    points = np.reshape(shares, (-1,) + (1,) * ndim(way)) * way + start
    return np.moveaxis(points, 0, axis)


@answers(np.diag)
def diag(v: Any, k: int = 0) -> Any:
    return np.diagonal(v, k) if ndim(v) == 2 else diagflat(v, k)


@answers(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    """A matrix with `v` on a diagonal, 0 elsewhere."""
    v, before, after = row(v), builtins.max(-k, 0), builtins.max(k, 0)
    if k:
        v = np.pad(v, ((before, after),))
    return np.where(np.eye(np.shape(v)[0], k=k, dtype=bool), np.expand_dims(v, 1), 0.0)
