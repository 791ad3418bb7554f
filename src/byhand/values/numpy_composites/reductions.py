"""Reductions: medians and quantiles, sums without NaNs, covariances."""

# NumPy does not say what its functions give for an operand.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.values.array_protocol import ArrayProtocol
from byhand.values.numpy_composites.answers import answers, at, ndim, not_empty


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
    not_empty("np.median", n)
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
    not_empty("np.quantile", n)
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
