"""PyTorch's reductions, and what rests on them: norms, softmax, sorting."""

# NumPy does not say what its functions give for a tensor of ours.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops.choices import MAXIMUM, MINIMUM
from byhand.ops.op import Op, Operand
from byhand.ops.reduction import LOGSUMEXP, MAX, MIN
from byhand.torch_dialect.math import plain
from byhand.torch_dialect.tables import by_name, torch_names


class Picked(NamedTuple):
    """What `max`, `min`, `sort` and `topk` along an axis give: the values, and where they were."""

    values: Any
    indices: Any


class Ends(NamedTuple):
    """What `aminmax` gives."""

    min: Any
    max: Any


def axes(dim: Any) -> Any:
    """`dim` as NumPy's `axis`: None, a number or a tuple."""
    if isinstance(dim, list | tuple):
        return tuple(dim) or None
    return dim


def sum(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return np.sum(input, axis=axes(dim), keepdims=keepdim)


def mean(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return np.mean(input, axis=axes(dim), keepdims=keepdim)


def prod(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return np.prod(input, axis=axes(dim), keepdims=keepdim)


def var(
    input: Any,
    dim: Any = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: int | None = None,
) -> Any:
    """Divides by n - 1, unless told otherwise (NumPy divides by n)."""
    dim, ddof = _spread_options(dim, unbiased, correction)
    return np.var(input, axis=dim, ddof=ddof, keepdims=keepdim)


def std(
    input: Any,
    dim: Any = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: int | None = None,
) -> Any:
    dim, ddof = _spread_options(dim, unbiased, correction)
    return np.std(input, axis=dim, ddof=ddof, keepdims=keepdim)


def _spread_options(dim: Any, unbiased: bool, correction: int | None) -> tuple[Any, int]:
    if isinstance(dim, bool):  # the old form: x.var(False)
        dim, unbiased = None, dim
    return axes(dim), int(unbiased) if correction is None else correction


def var_mean(input: Any, dim: Any = None, **options: Any) -> Any:
    return var(input, dim, **options), mean(input, dim, options.get("keepdim", False))


def std_mean(input: Any, dim: Any = None, **options: Any) -> Any:
    return std(input, dim, **options), mean(input, dim, options.get("keepdim", False))


def max(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element; along `dim` also where it was; of two tensors, the larger elements."""
    if isinstance(dim, Operand | np.ndarray):
        return MAXIMUM(input, dim)
    return MAX(input) if dim is None else _along(MAX, argmax, input, dim, keepdim)


def min(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    if isinstance(dim, Operand | np.ndarray):
        return MINIMUM(input, dim)
    return MIN(input) if dim is None else _along(MIN, argmin, input, dim, keepdim)


def _along(op: Op, place: Callable[..., Any], input: Any, dim: int, keepdim: bool) -> Picked:
    """The values of `op` along `dim`, and their places."""
    indices = place(input, dim, keepdim=True)
    array = plain(input)
    same = array == np.take_along_axis(array, indices, dim)
    if np.all(np.count_nonzero(same, axis=dim) <= 1):
        values = op(input, axis=dim, keepdims=keepdim)
    else:  # where several tie, PyTorch passes the gradient to the one whose place it returns
        values = np.take_along_axis(input, indices, dim)
        values = values if keepdim else np.squeeze(values, dim)
    return Picked(values, indices if keepdim else np.squeeze(indices, dim))


def amax(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return MAX(input, axis=axes(dim), keepdims=keepdim)


def amin(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return MIN(input, axis=axes(dim), keepdims=keepdim)


def argmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    return np.argmax(input, axis=dim, keepdims=keepdim)


def argmin(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    return np.argmin(input, axis=dim, keepdims=keepdim)


def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    array = plain(input)
    return np.argsort(-array if descending else array, axis=dim, kind="stable")


def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    indices = argsort(input, dim, descending)
    return Picked(np.take_along_axis(input, indices, dim), indices)


def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    indices = np.take(argsort(input, dim, descending=largest), np.arange(k), axis=dim)
    return Picked(np.take_along_axis(input, indices, dim), indices)


def msort(input: Any) -> Any:
    return sort(input, 0).values


def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element, counted from 1."""
    places = np.take(argsort(input, dim), np.array([k - 1]), axis=dim)
    return _read(input, places, dim, keepdim)


def median(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """Of an even number of elements the lower of the two in the middle."""
    if dim is not None:
        return kthvalue(input, (np.shape(input)[dim] + 1) // 2, dim, keepdim)
    array = plain(input)
    same = array == np.sort(array, axis=None)[(array.size - 1) // 2]
    # Where several are the median, PyTorch passes each its share.
    return np.sum(np.where(same, input, 0.0)) / int(np.count_nonzero(same))


def _read(input: Any, places: Any, dim: int, keepdim: bool) -> Picked:
    values = np.take_along_axis(input, places, dim)
    if keepdim:
        return Picked(values, places)
    return Picked(np.squeeze(values, dim), np.squeeze(places, dim))


def quantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, interpolation: str = "linear"
) -> Any:
    if interpolation != "linear":
        raise UnsupportedError('quantile has a rule for interpolation="linear" alone')
    return np.quantile(input, q, axis=dim, keepdims=keepdim)


def aminmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    return Ends(amin(input, dim, keepdim), amax(input, dim, keepdim))


def nansum(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return np.nansum(input, axis=axes(dim), keepdims=keepdim)


def nanmean(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return np.nanmean(input, axis=axes(dim), keepdims=keepdim)


def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    parts = [part for part in (prepend, input, append) if part is not None]
    together = input if len(parts) == 1 else np.concatenate(parts, axis=dim)
    return np.diff(together, n, axis=dim)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, dim: int = -1) -> Any:
    return np.trapezoid(y, x, dx, dim)


def _running(best: np.ufunc) -> Callable[..., Any]:
    def running(input: Any, dim: int) -> Any:
        """The best so far, and where it was last."""
        array = plain(input)
        length = np.reshape(
            np.arange(array.shape[dim]), (-1,) + (1,) * (array.ndim - 1 - dim % array.ndim)
        )
        new = np.where(array == best.accumulate(array, axis=dim), length, 0)
        return _read(input, np.maximum.accumulate(new, axis=dim), dim, True)

    return running


def logcumsumexp(input: Any, dim: int) -> Any:
    """The logarithm of the running sum of exp(x)."""
    rows = np.moveaxis(input, dim, 0)
    found = [rows[0]]
    for k in range(1, np.shape(rows)[0]):
        found.append(np.logaddexp(found[-1], rows[k]))
    return np.stack(found, axis=dim)


def cumsum(input: Any, dim: int) -> Any:
    return np.cumsum(input, axis=dim)


def cumprod(input: Any, dim: int) -> Any:
    return np.cumprod(input, axis=dim)


def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Any:
    return LOGSUMEXP(input, axis=axes(dim), keepdims=keepdim)


def log_softmax(input: Any, dim: int | None = None) -> Any:
    """log(exp(x) / sum(exp(x))), which never leaves the range of the floats."""
    if dim is None:
        raise UnsupportedError("softmax and log_softmax: say along which axis, as dim=-1")
    return input - LOGSUMEXP(input, axis=dim, keepdims=True)


def softmax(input: Any, dim: int | None = None) -> Any:
    return np.exp(log_softmax(input, dim))


def softmin(input: Any, dim: int | None = None) -> Any:
    return softmax(-input, dim)


def vector_norm(input: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    """(sum |x|^ord)^(1/ord) along `dim`, or over all elements."""
    options: dict[str, Any] = {"axis": axes(dim), "keepdims": keepdim}
    match ord:
        case 2:
            return root(np.sum(np.square(input), **options))
        case 1:
            return np.sum(np.abs(input), **options)
        case math.inf:
            return np.max(np.abs(input), **options)
        case int() | float() if ord > 0 and math.isfinite(ord):
            return np.sum(np.abs(input) ** ord, **options) ** (1 / ord)
        case _:
            raise UnsupportedError(f"a norm of order {ord!r} has no rule: use 1, 2, inf or p > 0")


def root(squares: Any) -> Any:
    """The square root; where that has no derivative, at 0, PyTorch's norms pass nothing back."""
    zero = plain(squares) == 0
    if not np.any(zero):
        return np.sqrt(squares)
    return np.where(zero, 0.0, np.sqrt(np.where(zero, 1.0, squares)))


def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: str = "") -> Any:
    """The distance of each row of `x1` to each of `x2`."""
    apart = np.expand_dims(x1, -2) - np.expand_dims(x2, -3)
    return vector_norm(apart, p, -1)


def dist(input: Any, other: Any, p: float = 2.0) -> Any:
    return vector_norm(input - other, p)


def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False) -> Any:
    return vector_norm(input, 2 if p in (None, "fro") else p, dim, keepdim)


def linalg_norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False) -> Any:
    """The 2-norm of all elements; with `ord`, that of a vector (of a matrix: "fro" alone)."""
    matrix = A.ndim == 2 if dim is None else not isinstance(dim, int) and len(dim) == 2
    if matrix and ord not in (None, "fro"):
        raise UnsupportedError(f'the matrix norm {ord!r} has no rule: "fro" has one')
    return norm(A, ord, dim, keepdim)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **by_name(sum, mean, prod, var, std, var_mean, std_mean, max, min, amax, amin),
    **by_name(argmax, argmin, argsort, sort, topk, cumsum, cumprod),
    **dict.fromkeys(torch_names(LOGSUMEXP), logsumexp),
    **dict.fromkeys(("softmax", "special_softmax"), softmax),
    **dict.fromkeys(("log_softmax", "special_log_softmax"), log_softmax),
    **by_name(softmin, norm, linalg_norm, cdist, dist, msort, kthvalue, median, quantile),
    **by_name(aminmax, nansum, nanmean, diff, trapezoid, logcumsumexp),
    "trapz": trapezoid,
    "cummax": _running(np.maximum),
    "cummin": _running(np.minimum),
    "linalg_matrix_norm": lambda A, ord="fro", dim=(-2, -1), keepdim=False: linalg_norm(
        A, ord, dim, keepdim
    ),
    "linalg_vector_norm": lambda x, ord=2, dim=None, keepdim=False: vector_norm(
        x, ord, dim, keepdim
    ),
}
