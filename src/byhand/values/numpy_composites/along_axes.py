"""Functions along an axis: slopes, integrals, interpolation."""

# NumPy does not say what its functions give for an operand.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.values.numpy_composites.answers import answers, at, ndim, not_empty, row


@answers(np.gradient)
def gradient(f: Any, *spacing: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Central differences, one-sided ones at both ends."""
    n = ndim(f)
    axes = range(n) if axis is None else (axis,) if isinstance(axis, int) else axis
    steps = spacing * len(axes) if len(spacing) == 1 else spacing or (1.0,) * len(axes)
    if edge_order != 1 or any(ndim(h) for h in steps) or len(steps) != len(axes):
        raise UnsupportedError("np.gradient has a rule for edge_order=1 and spacings as numbers")
    found = [_slopes(f, h, a, n) for a, h in zip(axes, steps, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def _slopes(f: Any, h: Any, axis: int, n: int) -> Any:
    def part(start: int | None, stop: int | None) -> Any:
        return f[at(axis, n, slice(start, stop))]

    first, last = part(1, 2) - part(0, 1), part(-1, None) - part(-2, -1)
    return np.concatenate((first / h, (part(2, None) - part(None, -2)) / (2 * h), last / h), axis)


@answers(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    n = ndim(y)
    if x is not None:
        dx = np.diff(x, axis=axis if ndim(x) > 1 else -1)
        if ndim(x) == 1:
            dx = np.reshape(dx, (-1,) + (1,) * (n - 1 - axis % n))
    ends = y[at(axis, n, slice(1, None))] + y[at(axis, n, slice(None, -1))]
    return np.sum(dx * ends / 2, axis=axis)


@answers(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    parts = (to_begin, np.diff(row(ary)), to_end)
    return np.concatenate([np.ravel(part) for part in parts if part is not None])


@answers(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    """On the straight line between the two known points around each x."""
    n = np.shape(xp)[0]
    not_empty("np.interp", n - 1)
    lower = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, n - 2)
    start, value = np.take(xp, lower), np.take(fp, lower)
    slope = (np.take(fp, lower + 1) - value) / (np.take(xp, lower + 1) - start)
    inside = value + slope * (x - start)
    above = np.where(np.greater(x, xp[-1]), fp[-1] if right is None else right, inside)
    return np.where(np.less(x, xp[0]), fp[0] if left is None else left, above)


@answers(np.apply_along_axis)
def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **options: Any):
    moved = np.moveaxis(arr, axis, -1)
    lead = np.shape(moved)[:-1]
    found = [func1d(moved[place], *args, **options) for place in np.ndindex(*lead)]
    together = np.reshape(np.stack(found), (*lead, *np.shape(found[0])))
    first, new, where = len(lead), ndim(found[0]), axis % ndim(arr)
    return np.moveaxis(together, range(first, first + new), range(where, where + new))
