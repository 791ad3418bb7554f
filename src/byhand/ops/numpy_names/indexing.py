"""NumPy's functions that read elements by their places, sort them or count them."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from byhand.ops.indexing import ARGSORT, GETITEM, SCATTER, SORT, TAKE, TAKE_ALONG_AXIS
from byhand.ops.numpy_names.answers import answers
from byhand.ops.numpy_names.shapes import ravel


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
