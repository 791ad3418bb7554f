"""Indexing: picking elements by place, and putting them back.

Index arrays are parameters, never arguments: there is no derivative by a place. The adjoint of
reading at an index is `SCATTER`, which adds: an element that was read twice gets both gradients.
"""

# A rule takes whatever answers NumPy's names, so the arguments of its lambda have no type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from byhand.ops import axes, signs
from byhand.ops.op import REAL, Op, sample
from byhand.ops.spelling import Params
from byhand.values.arrays import Array, numbered


@lru_cache(maxsize=64)
def _places(shape: tuple[int, ...]) -> Array:
    """Each element's number in memory order: indexing it tells which elements an index reads."""
    return numbered(shape)


BASIC = (int, slice, type(None), type(...), np.integer, np.bool_)


def _reads_once(index: Any) -> bool:
    """Whether no element can be read twice: the index has no array of integers."""
    for item in index if isinstance(index, tuple) else (index,):
        if isinstance(item, BASIC):
            continue
        array = np.asarray(item)
        if array.dtype != np.bool_ and array.ndim > 0:
            return False
    return True


def _scatter(g: Any, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of `shape`, with `g` added at `index`."""
    g = np.asarray(g)
    if _reads_once(index):
        out = np.zeros(shape, g.dtype)
        out[index] = g
        return out
    # np.add.at is several times faster on one axis than on an array with rows.
    places = _places(shape)
    out = np.zeros(places.size, g.dtype)
    np.add.at(out, places[index].ravel(), g.ravel())
    return out.reshape(shape)


def _put(x: Any, value: Any, index: Any) -> Array:
    out = np.array(x)
    out[index] = value
    return out


def _kept(g: Any, x: Any, index: Any) -> Any:
    """The part of `g` that assigned values get: of two assigned to one element, the last stays."""
    if _reads_once(index):
        return g[index]
    places = _places(x.shape)[index]
    writer = np.zeros(x.shape, dtype=int)
    writer[index] = order = np.arange(places.size).reshape(places.shape)
    stays = writer[index] == order
    return g[index] if stays.all() else g[index] * stays


def _along(indices: Array, axis: int, shape: tuple[int, ...]) -> tuple[Array, ...]:
    """The index that `np.take_along_axis` reads at: `indices` along the axis, itself elsewhere."""
    axis %= len(shape)
    here = np.indices([1 if a == axis else n for a, n in enumerate(shape)], sparse=True)
    return tuple(indices if a == axis else each for a, each in enumerate(here))


def _take_vjp(g: Any, out: Any, x: Any, indices: Any, axis: int) -> Any:
    index = (slice(None),) * (axis % x.ndim) + (np.asarray(indices),)
    return SCATTER(g, index=index, shape=x.shape)


def _sort_vjp(g: Any, out: Any, x: Any, axis: int = -1) -> Any:
    """Sorting is a permutation; the places of the places in order are its inverse."""
    inverse = np.argsort(np.argsort(x, axis=axis), axis=axis)
    return np.take_along_axis(g, inverse, axis)


def _torch_take(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    """`x[:, indices]`."""
    return f"{{0}}[{':, ' * (params['axis'] % ndims[0])}{{indices}}]", params


ALL = slice(None)
REPEATS = np.array([2, 0, 2, 2])
MASK = np.array([True, False, True])
INDICES = (
    ((3, 4), 1),
    ((3, 4), (1, -1)),
    ((3, 4), (ALL, slice(None, None, -2))),
    ((3, 4), (..., None, slice(1, 3))),
    ((3, 4), (ALL, None)),
    ((3, 4), slice(3, 3)),
    ((3, 4), REPEATS),
    ((3, 4), [0, 0, 1]),
    ((3, 4), np.array([[0, 1], [2, 2]])),
    ((3, 4), (np.arange(3), np.array([3, 0, 3]))),
    ((3, 4), (ALL, REPEATS)),
    ((3, 4), (np.array([-1, 2]), None, slice(1, None))),
    ((2, 3, 4), (np.array([0, 1, 1]), ALL, np.array([3, 3, 3]))),
    ((2, 3, 4), (..., np.array([[0], [2]]), np.array([1, 1]))),
    ((3, 4), MASK),
    ((3, 4), np.arange(12).reshape(3, 4) % 3 == 0),
    ((2, 3, 4), (0, MASK)),
    ((2, 3), (MASK[:2], 1)),
    ((5,), np.array([], dtype=int)),
    ((0, 3), (ALL, 1)),
    ((1, 3), np.zeros(4, dtype=int)),
)
ALONG = (
    ((3, 4), np.array([[0, 3, 0], [1, 1, 1], [3, 2, 0]]), 1),
    ((3, 4), np.array([[0, 1, 2, 0]]), 0),
    ((3, 4), np.array([[0], [3], [1]]), -1),
    ((1, 4), np.array([[0, 0], [1, 1], [1, 2]]), 1),
    ((2, 3, 2), np.array([[[0, 0]], [[2, 1]]]), 1),
    ((0, 3), np.zeros((0, 1), dtype=int), 1),
)
SORTED = (
    sample((4,), axis=0),
    sample((3, 4), axis=-1),
    sample((3, 4), axis=0),
    sample((2, 3, 2), axis=1),
    sample((3, 1), axis=1),
    sample((0, 3), axis=1),
)

GETITEM = Op(
    "getitem",
    "indexing",
    "selection",
    lambda x, index: x[index],
    (lambda g, out, x, index: SCATTER(g, index=index, shape=x.shape),),
    (REAL,),
    tuple(sample(shape, index=index) for shape, index in INDICES),
    numpy="{0}[{index}]",
    noun="items",
    axes=axes.indexed,
    sign=signs.of_the_first,
    view=True,
    indexed=True,
    scatters=True,
    exact=True,
)
SCATTER = Op(
    "scatter",
    "indexing",
    "multilinear",
    _scatter,
    (lambda g, out, x, index, shape: g[index],),
    (REAL,),
    tuple(
        sample(np.empty(shape)[index].shape, index=index, shape=shape) for shape, index in INDICES
    ),
)
PUT = Op(
    "put",
    "indexing",
    "selection",
    _put,
    (
        lambda g, out, x, value, index: PUT(g, 0.0, index=index),
        lambda g, out, x, value, index: _kept(g, x, index),
    ),
    (REAL, REAL),
    (
        *(sample(shape, np.empty(shape)[index].shape, index=index) for shape, index in INDICES),
        sample((3, 4), (), index=1),
        sample((3, 4), (4,), index=slice(0, 2)),
        sample((3, 4), (1, 4), index=np.array([0, 0])),
        sample((3, 4), (3, 1), index=...),
    ),
    axes=axes.same,
    scatters=True,
    exact=True,
)
TAKE = Op(
    "take",
    "indexing",
    "selection",
    lambda x, indices, axis: np.take(x, indices, axis),
    (_take_vjp,),
    (REAL,),
    (
        sample((4,), indices=2, axis=0),
        sample((3, 4), indices=np.array([0, 2, 0]), axis=0),
        sample((3, 4), indices=np.array([[0, -1], [3, 0]]), axis=-1),
        sample((1, 3), indices=[0, 0], axis=0),
        sample((3, 0), indices=np.array([1, 1]), axis=0),
    ),
    numpy="np.take({0}, {indices}, {axis})",
    torch=_torch_take,
    axes=axes.taken,
    sign=signs.of_the_first,
    indexed=True,
    scatters=True,
    exact=True,
)
TAKE_ALONG_AXIS = Op(
    "take_along_axis",
    "indexing",
    "selection",
    lambda x, indices, axis: np.take_along_axis(x, indices, axis),
    (
        lambda g, out, x, indices, axis: SCATTER_ALONG_AXIS(
            g, indices=indices, axis=axis, shape=x.shape
        ),
    ),
    (REAL,),
    tuple(sample(shape, indices=indices, axis=axis) for shape, indices, axis in ALONG),
    numpy="np.take_along_axis({0}, {indices}, {axis})",
    torch="torch.take_along_dim({0}, {indices}, {axis})",
    axes=axes.along,
    indexed=True,
    scatters=True,
    exact=True,
)
SCATTER_ALONG_AXIS = Op(
    "scatter_along_axis",
    "indexing",
    "multilinear",
    lambda x, indices, axis, shape: _scatter(x, _along(indices, axis, shape), shape),
    (lambda g, out, x, indices, axis, shape: np.take_along_axis(g, indices, axis),),
    (REAL,),
    tuple(
        sample(
            np.take_along_axis(np.empty(shape), indices, axis).shape,
            indices=indices,
            axis=axis,
            shape=shape,
        )
        for shape, indices, axis in ALONG
    ),
)
SORT = Op(
    "sort",
    "indexing",
    "dense",
    lambda x, axis=-1: np.sort(x, axis),
    (_sort_vjp,),
    (REAL,),
    SORTED,
    numpy="np.sort({0}, {axis})",
    torch="{0}.sort({axis}).values",
    axes=axes.same,
    sign=signs.of_the_first,
    exact=True,
)

# These give places, which have no derivative.
ARGSORT = Op(
    "argsort",
    "indexing",
    "dense",
    lambda x, axis=-1: np.argsort(x, axis),
    (None,),
    (REAL,),
    SORTED,
    numpy="{0}.argsort(axis={axis})",
    torch="{0}.argsort({axis})",
    axes=axes.same,
    exact=True,
)
ARGMAX = Op(
    "argmax",
    "indexing",
    "reduction",
    lambda x, axis=None, keepdims=False: np.argmax(x, axis, keepdims=keepdims),
    (None,),
    (REAL,),
    (sample((4,)), sample((3, 4), axis=None, keepdims=True), *SORTED),
    numpy="{0}.argmax(axis={axis}, keepdims={keepdims})",
    torch="{0}.argmax({axis}, keepdim={keepdims})",
    axes=axes.kept,
    exact=True,
)
ARGMIN = Op(
    "argmin",
    "indexing",
    "reduction",
    lambda x, axis=None, keepdims=False: np.argmin(x, axis, keepdims=keepdims),
    (None,),
    (REAL,),
    (sample((4,)), sample((3, 4), axis=None, keepdims=True), *SORTED),
    numpy="{0}.argmin(axis={axis}, keepdims={keepdims})",
    torch="{0}.argmin({axis}, keepdim={keepdims})",
    axes=axes.kept,
    exact=True,
)
