"""NumPy's functions that are a few others of NumPy's: medians, convolutions, interpolation.

Written so, they run on whatever answers those others (`values.array_protocol`): the engine's
tensor, PyTorch's arrays. Each has NumPy's signature less the options that it doesn't know. Where
elements move and nothing else happens to them, NumPy moves their numbers, and the elements are read
at those.
"""

# NumPy does not say what its functions give for an operand.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from byhand.errors import UnsupportedError
from byhand.values.array_protocol import ArrayProtocol
from byhand.values.arrays import Array

F = TypeVar("F", bound=Callable[..., Any])

COMPOSITES: dict[Callable[..., Any], Callable[..., Any]] = {}


def answers(*functions: Callable[..., Any]) -> Callable[[F], F]:
    return answering(COMPOSITES, functions)


def answering(
    table: dict[Callable[..., Any], Callable[..., Any]], functions: Sequence[Callable[..., Any]]
) -> Callable[[F], F]:
    """A decorator that puts a function into a table as the answer for some of NumPy's."""

    def register(answer: F) -> F:
        table.update(dict.fromkeys(functions, answer))
        return answer

    return register


def ndim(x: Any) -> int:
    return len(np.shape(x))


def numbers(x: Any) -> Array:
    """The number of each element, in memory order."""
    shape = tuple(int(n) for n in np.shape(x))
    return np.arange(math.prod(shape)).reshape(shape)


def at(axis: int, n: int, index: Any) -> tuple[Any, ...]:
    """`index` along one of `n` axes, everything along those before it."""
    return (*(slice(None),) * (axis % n), index)


def row(x: Any) -> Any:
    return x if ndim(x) == 1 else np.reshape(x, -1)


# Elementwise.


def _without_nan(op: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def picked(x1: Any, x2: Any) -> Any:
        """Where one is no number, the other."""
        if not (np.any(np.isnan(x1)) or np.any(np.isnan(x2))):
            return op(x1, x2)
        return op(np.where(np.isnan(x1), x2, x1), np.where(np.isnan(x2), x1, x2))

    return picked


answers(np.fmax)(_without_nan(np.maximum))
answers(np.fmin)(_without_nan(np.minimum))


@answers(np.heaviside)
def heaviside(x1: Any, x2: Any) -> Any:
    return np.where(np.equal(x1, 0), x2, np.where(np.isnan(x1), x1, np.where(x1 < 0, 0.0, 1.0)))


@answers(np.sinc)
def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x), flat at 0."""
    zero = np.equal(x, 0)
    angle = math.pi * np.where(zero, 1.0, x)
    return np.where(zero, 1.0, np.sin(angle) / angle)


@answers(np.deg2rad, np.radians)
def deg2rad(x: Any) -> Any:
    return x * (math.pi / 180)


@answers(np.rad2deg, np.degrees)
def rad2deg(x: Any) -> Any:
    return x * (180 / math.pi)


@answers(np.nan_to_num)
def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    if not copy:
        raise UnsupportedError("np.nan_to_num(..., copy=False) has no rule: write x = ...")
    if posinf is None:
        posinf = np.finfo(x.dtype).max
    if neginf is None:
        neginf = np.finfo(x.dtype).min
    x = np.where(np.isnan(x), nan, x)
    x = np.where(np.equal(x, np.inf), posinf, x)
    return np.where(np.equal(x, -np.inf), neginf, x)


# Reductions.


def _sorted_in(a: Any, axis: Any) -> tuple[Any, int, tuple[int, ...]]:
    """`a` sorted along one axis, which has the elements of all axes of `axis`; its number; and the
    shape of a reduction that keeps the axes."""
    n = ndim(a)
    gone = range(n) if axis is None else (axis,) if isinstance(axis, int) else axis
    gone = tuple(g % n for g in gone)
    kept = tuple(1 if k in gone else length for k, length in enumerate(np.shape(a)))
    if len(gone) == 1:
        return np.sort(a, axis=gone[0]), gone[0], kept
    rest = tuple(k for k in range(n) if k not in gone)
    rows = np.reshape(np.transpose(a, (*rest, *gone)), (*(np.shape(a)[k] for k in rest), -1))
    return np.sort(rows, axis=-1), len(rest), kept


@answers(np.median)
def median(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    ordered, along, kept = _sorted_in(a, axis)
    n = np.shape(ordered)[along]
    _not_empty("np.median", n)
    upper = ordered[at(along, ndim(ordered), n // 2)]
    if n % 2 == 0:
        upper = (ordered[at(along, ndim(ordered), n // 2 - 1)] + upper) / 2
    return np.reshape(upper, kept) if keepdims else upper


@answers(np.quantile)
def quantile(
    a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    """Between the two sorted elements that are next to place q (n - 1)."""
    if method != "linear" or isinstance(q, ArrayProtocol):
        raise UnsupportedError('np.quantile has a rule for method="linear" and a constant q')
    ordered, along, kept = _sorted_in(a, axis)
    n = np.shape(ordered)[along]
    _not_empty("np.quantile", n)
    place = np.asarray(q) * (n - 1)
    lower = np.floor(place).astype(int)
    share = np.reshape(place - lower, (-1,) + (1,) * (ndim(ordered) - along - 1))
    below = np.take(ordered, lower.ravel(), axis=along)
    above = np.take(ordered, np.minimum(lower + 1, n - 1).ravel(), axis=along)
    found = np.moveaxis(below + share * (above - below), along, 0)
    shape = kept if keepdims else np.shape(found)[1:]
    return np.reshape(found, (*np.shape(q), *shape))


@answers(np.percentile)
def percentile(
    a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    if isinstance(q, ArrayProtocol):
        raise UnsupportedError("np.percentile has a rule for a constant q")
    return quantile(a, np.asarray(q) / 100, axis, method=method, keepdims=keepdims)


def _not_empty(name: str, n: int) -> None:
    if n == 0:
        raise UnsupportedError(f"{name} of nothing has no rule")


@answers(np.ptp)
def ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims)


@answers(np.nansum)
def nansum(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.sum(np.where(np.isnan(a), 0.0, a), axis=axis, keepdims=keepdims)


@answers(np.nanmean)
def nanmean(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    counted = np.where(np.isnan(a), 0.0, 1.0)
    return nansum(a, axis, keepdims=keepdims) / np.sum(counted, axis=axis, keepdims=keepdims)


@answers(np.cov)
def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None
) -> Any:
    variables = _variables(m, rowvar)
    if y is not None:
        variables = np.concatenate((variables, _variables(y, rowvar)), axis=0)
    centred = variables - np.mean(variables, axis=1, keepdims=True)
    n = np.shape(variables)[1] - (int(not bias) if ddof is None else ddof)
    return np.squeeze(centred @ np.transpose(centred) / n)


def _variables(m: Any, in_rows: bool) -> Any:
    rows = np.atleast_2d(m)
    return rows if in_rows or ndim(m) < 2 else np.transpose(rows)


@answers(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    c = cov(x, y, rowvar)
    if ndim(c) == 0:
        return c / c
    spread = np.sqrt(np.diagonal(c))
    return c / spread[:, None] / spread[None, :]


# Along an axis.


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
    _not_empty("np.interp", n - 1)
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


# Products.


def _convolution(a: Any, v: Any, mode: str) -> Any:
    """The sum over j of a[i - j] v[j]."""
    if mode != "full" and np.shape(a)[0] == 1 < np.shape(v)[0]:
        raise UnsupportedError("NumPy slides a single number over the window, not the other way")
    if np.shape(a)[0] < np.shape(v)[0]:
        a, v = v, a
    m = np.shape(v)[0]
    match mode:
        case "full":
            pad = (m - 1, m - 1)
        case "same":
            pad = (m - 1 - (m - 1) // 2, (m - 1) // 2)
        case "valid":
            pad = (0, 0)
        case _:
            raise UnsupportedError(f'mode is "full", "same" or "valid", not {mode!r}')
    if any(pad):
        a = np.pad(a, (pad,))
    return np.lib.stride_tricks.sliding_window_view(a, m) @ v[::-1]


@answers(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    return _convolution(a, v, mode)


@answers(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    if np.shape(v)[0] > np.shape(a)[0] > 1:  # then NumPy shifts by the other one, the other way
        return _convolution(v, a[::-1], mode)[::-1]
    return _convolution(a, v[::-1], mode)


@answers(np.kron)
def kron(a: Any, b: Any) -> Any:
    """Each element of `a` times all of `b`."""
    n = builtins.max(ndim(a), ndim(b))
    a, b = (np.reshape(x, (1,) * (n - ndim(x)) + tuple(np.shape(x))) for x in (a, b))
    between = [np.expand_dims(x, tuple(range(k, 2 * n, 2))) for k, x in ((1, a), (0, b))]
    shape = tuple(p * q for p, q in zip(np.shape(a), np.shape(b), strict=True))
    return np.reshape(between[0] * between[1], shape)


@answers(np.cross, np.linalg.cross)
def cross(a: Any, b: Any, axis: int = -1) -> Any:
    a, b = np.moveaxis(a, axis, -1), np.moveaxis(b, axis, -1)
    if np.shape(a)[-1] != 3 or np.shape(b)[-1] != 3:
        raise UnsupportedError("np.cross has a rule for vectors of three elements")
    second, third = [1, 2, 0], [2, 0, 1]
    return np.moveaxis(a[..., second] * b[..., third] - a[..., third] * b[..., second], -1, axis)


@answers(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Any]) -> Any:
    product = arrays[0]
    for each in arrays[1:]:
        product = np.dot(product, each)
    return product


@answers(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    if n == 0:
        return np.broadcast_to(np.eye(np.shape(a)[-1], dtype=a.dtype), np.shape(a))
    base = np.linalg.inv(a) if n < 0 else a
    product = base
    for _ in range(abs(n) - 1):
        product = product @ base
    return product


@answers(np.vecdot, np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return np.sum(x1 * x2, axis=axis)


@answers(np.vander)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    powers = [np.ones_like(x)]
    for _ in range(1, np.shape(x)[0] if N is None else N):
        powers.append(powers[-1] * x if len(powers) > 1 else x)
    return np.stack(powers if increasing else powers[::-1], axis=-1)


@answers(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """Horner's rule."""
    value = np.zeros_like(x)
    for k in range(np.shape(p)[0]):
        value = value * x + p[k] if k else value + p[k]
    return value


# Selections.


@answers(np.select)
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """The choice of the first condition that holds."""
    found = default
    for condition, choice in zip(condlist[::-1], choicelist[::-1], strict=True):
        found = np.where(condition, choice, found)
    return found


@answers(np.choose)
def choose(a: Any, choices: Sequence[Any]) -> Any:
    found = choices[-1]
    for k in range(len(choices) - 2, -1, -1):
        found = np.where(np.equal(a, k), choices[k], found)
    return found


@answers(np.compress)
def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    places = np.flatnonzero(condition)
    if axis is None:
        a, axis = row(a), 0
    return np.take(a, places, axis=axis)


@answers(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    return np.take(row(arr), np.flatnonzero(condition), axis=0)


@answers(np.delete)
def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    if axis is None:
        arr, axis = row(arr), 0
    return np.take(arr, np.delete(np.arange(int(np.shape(arr)[axis])), obj), axis=axis)


@answers(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    both = np.concatenate([row(arr), np.ravel(values)])
    return both[np.insert(numbers(arr), obj, np.size(arr) + numbers(values), axis)]


@answers(np.partition)
def partition(a: Any, kth: Any, axis: int | None = -1) -> Any:
    """In NumPy's own order on both sides of the element in its place."""
    if axis is None:
        a, axis = row(a), 0
    return np.take_along_axis(a, np.argpartition(a, kth, axis), axis)


# Shape.


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
