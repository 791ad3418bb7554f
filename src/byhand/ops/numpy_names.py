"""NumPy's names: which op, or which few ops, answer a NumPy ufunc or function.

`UFUNCS` goes by the ufunc's name, so that SciPy's are found without importing SciPy. `FUNCTIONS`
goes by the function that NumPy hands to `__array_function__`; an answer has NumPy's signature less
the options that have no rule. Composites are written with ops, never with a rule of their own.
"""

from __future__ import annotations

import builtins
import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops import elementwise as el
from byhand.ops.axes import labels
from byhand.ops.indexing import (
    ARGMAX,
    ARGMIN,
    ARGSORT,
    GETITEM,
    SCATTER,
    SORT,
    TAKE,
    TAKE_ALONG_AXIS,
)
from byhand.ops.linear import (
    CHOLESKY,
    DET,
    DETSIGN,
    EINSUM,
    INNER,
    INV,
    LOGABSDET,
    MATMUL,
    OUTER,
    SOLVE,
    TENSORDOT,
    TRACE,
)
from byhand.ops.op import Op, Operand
from byhand.ops.reduction import (
    CUMPROD,
    CUMSUM,
    LOGSUMEXP,
    MAX,
    MEAN,
    MIN,
    PROD,
    STD,
    SUM,
    VAR,
)
from byhand.ops.shape import (
    BROADCAST_TO,
    CONCATENATE,
    DIAGONAL,
    EXPAND_DIMS,
    FLIP,
    PAD,
    REPEAT,
    RESHAPE,
    ROLL,
    SLIDING_WINDOW_VIEW,
    SPLIT,
    SQUEEZE,
    STACK,
    TILE,
    TRANSPOSE,
    TRIL,
    TRIU,
)
from byhand.values.numpy_composites import COMPOSITES

F = TypeVar("F", bound=Callable[..., Any])

UFUNCS: dict[str, Op] = {
    **{
        op.name: op
        for op in vars(el).values()
        if isinstance(op, Op) and isinstance(getattr(np, op.name, None), np.ufunc)
    },
    "matmul": MATMUL,
    "fabs": el.ABSOLUTE,
    "conjugate": el.POSITIVE_OF,
    "float_power": el.POWER,
    "clip": el.CLIP,
    "bitwise_and": el.LOGICAL_AND,
    "bitwise_or": el.LOGICAL_OR,
    "invert": el.LOGICAL_NOT,
    "expit": el.SIGMOID,  # this and the next are SciPy's
    "erf": el.ERF,
}


@cache
def op_of(ufunc: np.ufunc) -> Op | None:
    """The op that a ufunc is, NumPy's or SciPy's."""
    return UFUNCS.get(ufunc.__name__)


FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {**COMPOSITES}


def answers(*functions: Callable[..., Any]) -> Callable[[F], F]:
    def register(answer: F) -> F:
        FUNCTIONS.update(dict.fromkeys(functions, answer))
        return answer

    return register


def ndim(x: Any) -> int:
    return len(np.shape(x))


# Reductions. What takes one array is called with an operand, so it may go straight to `apply`: the
# most common calls do. Where `axis=None` means the array in one row, the op has no such case.


@answers(np.sum)
def sum(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return a.apply(SUM, (a,), {"axis": axis, "keepdims": keepdims})


@answers(np.mean)
def mean(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return a.apply(MEAN, (a,), {"axis": axis, "keepdims": keepdims})


@answers(np.prod)
def prod(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return a.apply(PROD, (a,), {"axis": axis, "keepdims": keepdims})


@answers(np.max, np.amax)
def max(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return a.apply(MAX, (a,), {"axis": axis, "keepdims": keepdims})


@answers(np.min, np.amin)
def min(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return a.apply(MIN, (a,), {"axis": axis, "keepdims": keepdims})


@answers(np.var)
def var(
    a: Any, axis: Any = None, *, ddof: int = 0, correction: int = 0, keepdims: bool = False
) -> Any:
    params = {"axis": axis, "keepdims": keepdims, "ddof": ddof or correction}
    return a.apply(VAR, (a,), params)


@answers(np.std)
def std(
    a: Any, axis: Any = None, *, ddof: int = 0, correction: int = 0, keepdims: bool = False
) -> Any:
    params = {"axis": axis, "keepdims": keepdims, "ddof": ddof or correction}
    return a.apply(STD, (a,), params)


@answers(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    if weights is None:
        return mean(a, axis, keepdims=keepdims)
    if np.shape(weights) != np.shape(a):
        raise UnsupportedError("np.average: give the weights in the shape of the values")
    total = np.sum(weights, axis=axis, keepdims=keepdims)
    return np.sum(a * weights, axis=axis, keepdims=keepdims) / total


@answers(np.cumsum)
def cumsum(a: Any, axis: int | None = None) -> Any:
    return CUMSUM(ravel(a), axis=0) if axis is None else CUMSUM(a, axis=axis)


@answers(np.cumprod)
def cumprod(a: Any, axis: int | None = None) -> Any:
    return CUMPROD(ravel(a), axis=0) if axis is None else CUMPROD(a, axis=axis)


@answers(np.argmax)
def argmax(a: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    return ARGMAX(a, axis=axis, keepdims=keepdims)


@answers(np.argmin)
def argmin(a: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    return ARGMIN(a, axis=axis, keepdims=keepdims)


# Elementwise.


@answers(np.where)
def where(condition: Any, *choices: Any) -> Any:
    if not choices:
        return np.nonzero(condition)
    return el.WHERE(condition, *choices)


@answers(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low = a_min if min is None else min
    high = a_max if max is None else max
    if low is None:
        return el.POSITIVE_OF(a) if high is None else el.MINIMUM(a, high)
    return el.MAXIMUM(a, low) if high is None else el.CLIP(a, low, high)


@answers(np.round, np.around)
def round(a: Any) -> Any:
    return el.RINT(a)


@answers(np.fix)
def fix(x: Any) -> Any:
    return el.TRUNC(x)


@answers(np.copy)
def copy(a: Any) -> Any:
    return el.POSITIVE_OF(a)


@answers(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    before = (slice(None),) * (axis % ndim(a))
    for _ in range(n):
        a = a[(*before, slice(1, None))] - a[(*before, slice(None, -1))]
    return a


# Shape.


@answers(np.reshape)
def reshape(a: Any, shape: Any, order: str = "C") -> Any:
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if _by_columns(order):
        return TRANSPOSE(RESHAPE(TRANSPOSE(a, axes=None), shape=sizes[::-1]), axes=None)
    return RESHAPE(a, shape=shape if isinstance(shape, int) else sizes)


def _by_columns(order: str) -> bool:
    """Whether the first index is to change fastest, as in Fortran."""
    if order not in ("C", "F"):
        raise UnsupportedError(f'order="{order}" has no rule: say "C" or "F"')
    return order == "F"


@answers(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    return a if ndim(a) == 1 else reshape(a, -1, order)


@answers(np.transpose)
def transpose(a: Any, axes: Any = None) -> Any:
    return TRANSPOSE(a, axes=None if axes is None else tuple(axes))


@answers(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    order = list(range(ndim(a)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return TRANSPOSE(a, axes=tuple(order))


@answers(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x: Any) -> Any:
    return swapaxes(x, -1, -2)


@answers(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    n = ndim(a)
    source = [s % n for s in ((source,) if isinstance(source, int) else source)]
    destination = [d % n for d in ((destination,) if isinstance(destination, int) else destination)]
    order = [axis for axis in range(n) if axis not in source]
    for to, axis in sorted(zip(destination, source, strict=True)):
        order.insert(to, axis)
    return TRANSPOSE(a, axes=tuple(order))


@answers(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    return EXPAND_DIMS(a, axis=axis)


@answers(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    return SQUEEZE(a, axis=axis)


def _at_least(n: int, x: Any) -> Any:
    """`x` with enough axes of size 1 in front to have `n`."""
    missing = n - ndim(x)
    return x if missing <= 0 else np.reshape(x, (1,) * missing + tuple(np.shape(x)))


@answers(np.atleast_1d)
def atleast_1d(a: Any) -> Any:
    return _at_least(1, a)


@answers(np.atleast_2d)
def atleast_2d(a: Any) -> Any:
    return _at_least(2, a)


@answers(np.broadcast_to)
def broadcast_to(array: Any, shape: Any) -> Any:
    return BROADCAST_TO(array, shape=(shape,) if isinstance(shape, int) else tuple(shape))


@answers(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> Any:
    shape = np.broadcast_shapes(*(np.shape(a) for a in args))
    return tuple(np.broadcast_to(a, shape) for a in args)


@answers(np.concatenate)
def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    if axis is None:
        return CONCATENATE(*(np.ravel(a) for a in arrays), axis=0)
    return CONCATENATE(*arrays, axis=axis)


@answers(np.stack)
def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    return STACK(*arrays, axis=axis)


@answers(np.vstack)
def vstack(tup: Sequence[Any]) -> Any:
    return CONCATENATE(*(_at_least(2, a) for a in tup), axis=0)


@answers(np.hstack)
def hstack(tup: Sequence[Any]) -> Any:
    rows = [_at_least(1, a) for a in tup]
    return CONCATENATE(*rows, axis=0 if ndim(rows[0]) == 1 else 1)


@answers(np.column_stack)
def column_stack(tup: Sequence[Any]) -> Any:
    columns = [np.reshape(a, (-1, 1)) if ndim(a) < 2 else a for a in tup]
    return CONCATENATE(*columns, axis=1)


@answers(np.append)
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return concatenate((arr, values), axis)


@answers(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    n = np.shape(ary)[axis]
    if not isinstance(indices_or_sections, int):
        return _pieces(ary, [slice(i).indices(n)[1] for i in indices_or_sections], axis)
    # The first n % sections pieces are one longer.
    sections = indices_or_sections
    shares = range(1, sections)
    more = [builtins.min(k, n % sections) if k < sections - 1 else n % sections for k in shares]
    return _pieces(ary, [k * (n // sections) + m for k, m in zip(shares, more, strict=True)], axis)


@answers(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    if not isinstance(indices_or_sections, int):
        return array_split(ary, indices_or_sections, axis)
    n, sections = np.shape(ary)[axis], indices_or_sections
    if n % sections:
        raise ValueError(f"{n} can't be split into {sections} equally")
    return _pieces(ary, [k * (n // sections) for k in range(1, sections)], axis)


def _pieces(x: Any, bounds: Sequence[int], axis: int) -> list[Any]:
    """What lies between the bounds along an axis."""
    pairs = zip([0, *bounds], [*bounds, np.shape(x)[axis]], strict=True)
    return [
        SPLIT(x, start=start, stop=builtins.max(start, stop), axis=axis) for start, stop in pairs
    ]


@answers(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return split(ary, indices_or_sections, 0)


@answers(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return split(ary, indices_or_sections, 0 if ndim(ary) == 1 else 1)


_COPYING = ("edge", "reflect", "symmetric", "wrap")
"""Ways of padding that read elements of the array once more."""


@answers(np.pad)
def pad(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0.0) -> Any:
    if mode not in ("constant", *_COPYING) or ndim(constant_values) != 0:
        known = ", ".join(("constant", *_COPYING))
        raise UnsupportedError(f"np.pad has a rule for one constant value, and for mode={known}")
    pairs = np.broadcast_to(np.asarray(pad_width, dtype=int), (ndim(array), 2))
    if mode in _COPYING:
        for axis, pair in enumerate(pairs.tolist()):
            if any(pair):
                numbers: Any = np.arange(int(np.shape(array)[axis]))
                places = np.pad(numbers, pair, mode=mode)  # pyright: ignore
                array = TAKE(array, indices=places, axis=axis)
        return array
    return PAD(
        array,
        pad_width=tuple((before, after) for before, after in pairs.tolist()),
        constant_values=constant_values,
    )


@answers(np.flip)
def flip(m: Any, axis: Any = None) -> Any:
    return FLIP(m, axis=axis)


@answers(np.flipud)
def flipud(m: Any) -> Any:
    return FLIP(m, axis=0)


@answers(np.fliplr)
def fliplr(m: Any) -> Any:
    return FLIP(m, axis=1)


@answers(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.reshape(ROLL(ravel(a), shift=shift, axis=0), np.shape(a))
    return ROLL(a, shift=shift, axis=axis)


@answers(np.repeat)
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    counts = np.asarray(repeats)
    repeats = int(counts.item()) if counts.size == 1 else tuple(counts.tolist())
    return REPEAT(ravel(a) if axis is None else a, repeats=repeats, axis=axis or 0)


@answers(np.tile)
def tile(A: Any, reps: Any) -> Any:
    return TILE(A, reps=(reps,) if isinstance(reps, int) else tuple(reps))


@answers(np.tril)
def tril(m: Any, k: int = 0) -> Any:
    return TRIL(m, k=k)


@answers(np.triu)
def triu(m: Any, k: int = 0) -> Any:
    return TRIU(m, k=k)


@answers(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return DIAGONAL(a, offset=offset, axis1=axis1, axis2=axis2)


@answers(np.linalg.diagonal)
def linalg_diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return DIAGONAL(x, offset=offset, axis1=-2, axis2=-1)


@answers(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(x: Any, window_shape: Any, axis: Any = None) -> Any:
    window = (window_shape,) if isinstance(window_shape, int) else tuple(window_shape)
    axes = range(ndim(x)) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = tuple(a % ndim(x) for a in axes)
    if len(set(axes)) < len(axes):
        raise UnsupportedError("sliding_window_view has a rule for one window along each axis")
    return SLIDING_WINDOW_VIEW(x, window_shape=window, axis=axes)


# Linear algebra.


@answers(np.linalg.matmul)
def matmul(x1: Any, x2: Any) -> Any:
    return MATMUL(x1, x2)


@answers(np.dot)
def dot(a: Any, b: Any) -> Any:
    if ndim(a) == 0 or ndim(b) == 0:
        return el.MULTIPLY(a, b)
    if ndim(b) <= 1 or (ndim(a) <= 2 and ndim(b) == 2):
        return MATMUL(a, b)
    return TENSORDOT(a, b, axes=(-1, -2))


@answers(np.vdot)
def vdot(a: Any, b: Any) -> Any:
    return MATMUL(np.ravel(a), np.ravel(b))


@answers(np.inner)
def inner(a: Any, b: Any) -> Any:
    return el.MULTIPLY(a, b) if ndim(a) == 0 or ndim(b) == 0 else INNER(a, b)


@answers(np.outer, np.linalg.outer)
def outer(a: Any, b: Any) -> Any:
    return OUTER(a, b)


@answers(np.tensordot, np.linalg.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    if not isinstance(axes, int):
        axes = tuple(x if isinstance(x, int) else tuple(x) for x in axes)
    return TENSORDOT(a, b, axes=axes)


@answers(np.einsum)
def einsum(subscripts: Any, *operands: Any, optimize: Any = True) -> Any:
    if not isinstance(subscripts, str):
        raise UnsupportedError('np.einsum has a rule for the form np.einsum("ij,jk->ik", x, y)')
    labels(subscripts, tuple(ndim(x) for x in operands))  # refuses what has no rule
    return EINSUM(*operands, subscripts=subscripts)


@answers(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return TRACE(a, offset=offset, axis1=axis1, axis2=axis2)


@answers(np.linalg.trace)
def linalg_trace(x: Any, /, *, offset: int = 0) -> Any:
    return TRACE(x, offset=offset, axis1=-2, axis2=-1)


@answers(np.linalg.inv)
def inv(a: Any) -> Any:
    return INV(a)


@answers(np.linalg.det)
def det(a: Any) -> Any:
    return DET(a)


SIGN_AND_LOG: Any = type(np.linalg.slogdet(np.eye(1)))
"""NumPy's own pair of the sign and the logarithm of a determinant."""


@answers(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    return SIGN_AND_LOG(DETSIGN(a), LOGABSDET(a))


@answers(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    found = CHOLESKY(a)
    return np.swapaxes(found, -1, -2) if upper else found


@answers(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    return SOLVE(a, b)


@answers(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    axes = ndim(x) if axis is None else 1 if isinstance(axis, int) else len(axis)
    if ord is None or (ord == 2 and axes == 1) or (ord == "fro" and axes == 2):
        return el.SQRT(SUM(x * x, axis=axis, keepdims=keepdims))
    if ord == 1 and axes == 1:
        return SUM(el.ABSOLUTE(x), axis=axis, keepdims=keepdims)
    raise UnsupportedError("np.linalg.norm has a rule for the 2-norm, and the 1-norm of vectors")


@answers(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if ord == 2:
        return el.SQRT(SUM(x * x, axis=axis, keepdims=keepdims))
    if ord == 1:
        return SUM(el.ABSOLUTE(x), axis=axis, keepdims=keepdims)
    raise UnsupportedError("np.linalg.vector_norm has a rule for the 1-norm and the 2-norm")


# Indexing.


def getitem(x: Any, index: Any) -> Any:
    return x.apply(GETITEM, (x,), {"index": index})


@answers(np.take)
def take(a: Any, indices: Any, axis: int | None = None) -> Any:
    if axis is None:
        return TAKE(ravel(a), indices=indices, axis=0)
    return TAKE(a, indices=indices, axis=axis)


@answers(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    if axis is None:
        return TAKE_ALONG_AXIS(ravel(arr), indices=indices, axis=0)
    return TAKE_ALONG_AXIS(arr, indices=indices, axis=axis)


@answers(np.sort)
def sort(
    a: Any, axis: int | None = -1, kind: str | None = None, *, stable: bool | None = None
) -> Any:
    """The values are the same in whatever way they are sorted."""
    return SORT(ravel(a), axis=0) if axis is None else SORT(a, axis=axis)


@answers(np.argsort)
def argsort(
    a: Any, axis: int | None = -1, kind: str | None = None, *, stable: bool | None = None
) -> Any:
    if kind is not None or stable is not None:  # the order of equal elements, which no rule asks
        return a.without_op("np.argsort", np.argsort, (a, axis, kind), {"stable": stable})
    return ARGSORT(ravel(a), axis=0) if axis is None else ARGSORT(a, axis=axis)


@answers(np.bincount)
def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """The sum of the weights of each number."""
    places = np.asarray(x)
    n = builtins.max(minlength, int(places.max(initial=-1)) + 1)
    return SCATTER(weights, index=places, shape=(n,))


# What needs no more than the shape and the dtype gives a plain array or number.


@answers(np.shape)
def shape(a: Any) -> tuple[int, ...]:
    return a.shape


@answers(np.ndim)
def number_of_axes(a: Any) -> int:
    return len(a.shape)


@answers(np.size)
def size(a: Any, axis: int | None = None) -> int:
    return math.prod(a.shape) if axis is None else a.shape[axis]


@answers(np.zeros_like, np.empty_like)
def zeros_like(a: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    return np.zeros(a.shape if shape is None else shape, dtype or a.dtype)


@answers(np.ones_like)
def ones_like(a: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    return np.ones(a.shape if shape is None else shape, dtype or a.dtype)


@answers(np.full_like)
def full_like(a: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    if isinstance(fill_value, Operand):
        return broadcast_to(fill_value, a.shape if shape is None else shape)
    return np.full(a.shape if shape is None else shape, fill_value, dtype or a.dtype)


# Methods of ufuncs.


def ufunc_method(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """The answer to a ufunc with options, or to one of its methods, as `np.add.reduce`."""
    name = f"np.{ufunc.__name__}"
    if kwargs.get("out") is not None:
        raise UnsupportedError(
            f"{name} can't write into an array (out=, or an operator as +=): write x = x + y, not "
            "x += y"
        )
    if kwargs.get("where") is not None:
        raise UnsupportedError(f"{name}(..., where=) has no rule: write np.where(condition, x, y)")
    match method:
        case "reduce" if ufunc in REDUCE:
            return REDUCE[ufunc](*inputs, **{"axis": 0, **kwargs})
        case "accumulate" if ufunc in ACCUMULATE:
            return ACCUMULATE[ufunc](*inputs, **{"axis": 0, **kwargs})
        case "outer" if (op := op_of(ufunc)) is not None and not kwargs:
            x, y = inputs
            return op(np.reshape(x, tuple(np.shape(x)) + (1,) * ndim(y)), y)
        case "at":
            raise UnsupportedError(
                f"{name}.at writes into an array: write out[index] = value, or add up rows by "
                "their number with np.eye(n)[index].T @ rows"
            )
        case "__call__":
            option = next(iter(kwargs))
            raise UnsupportedError(f"{name}(..., {option}=) has no rule: leave {option} out")
        case _:
            raise UnsupportedError(f"{name}.{method} has no rule: see the functions of np")


def _logsumexp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return LOGSUMEXP(a, axis=axis, keepdims=keepdims)


REDUCE: dict[np.ufunc, Callable[..., Any]] = {
    np.add: sum,
    np.multiply: prod,
    np.maximum: max,
    np.minimum: min,
    np.logaddexp: _logsumexp,
}
ACCUMULATE: dict[np.ufunc, Callable[..., Any]] = {np.add: cumsum, np.multiply: cumprod}


def nearest(name: str) -> str:
    """A hint for a name without a rule: names like it that have one."""
    known = {f"np.{ufunc}" for ufunc in UFUNCS if hasattr(np, ufunc)}
    for function in FUNCTIONS:
        known.add(f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1))
    close = difflib.get_close_matches(name, sorted(known), n=3)
    return f"close by: {', '.join(close)}" if close else "byhand.ops.REGISTRY lists them"
