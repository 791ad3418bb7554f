"""NumPy's reductions.

What takes one array is called with an operand, so it may go straight to `apply`: the most common
calls do. Where `axis=None` means the array in one row, the op has no such case.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops.indexing import ARGMAX, ARGMIN
from byhand.ops.numpy_names.answers import answers
from byhand.ops.numpy_names.shapes import ravel
from byhand.ops.reduction import CUMPROD, CUMSUM, MAX, MEAN, MIN, PROD, STD, SUM, VAR


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
