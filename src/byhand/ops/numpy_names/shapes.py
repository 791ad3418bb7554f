"""NumPy's functions that give an array another shape, or its elements other places."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops.along_axes import (
    DIAGONAL,
    FLIP,
    PAD,
    REPEAT,
    ROLL,
    SLIDING_WINDOW_VIEW,
    TILE,
    TRIL,
    TRIU,
)
from byhand.ops.indexing import TAKE
from byhand.ops.numpy_names.answers import answers
from byhand.ops.shape import (
    BROADCAST_TO,
    CONCATENATE,
    EXPAND_DIMS,
    RESHAPE,
    SPLIT,
    SQUEEZE,
    STACK,
    TRANSPOSE,
)
from byhand.values.numpy_composites import ndim


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


def _said_of_each_side(constants: Any) -> Any:
    """The only constant, where that is said of each side, or of some."""
    sides = np.array(constants)
    return sides.flat[0] if (sides == sides.flat[0]).all() else sides


@answers(np.pad)
def pad(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0.0) -> Any:
    if ndim(constant_values) != 0:
        constant_values = _said_of_each_side(constant_values)
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
