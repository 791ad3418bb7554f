"""Reading and writing items of traced arrays."""

# What NumPy takes and gives can be of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from byhand.compiling.statements import COPY, Loop, Pick, Window
from byhand.compiling.tape import Tape, Traced, line, values
from byhand.errors import UnsupportedError
from byhand.values.arrays import Array


def get(tape: Tape, array: Traced, index: Any) -> Traced:
    """`array[index]`: a view where NumPy gives one."""
    index = _plain(index)
    if not _is_advanced(index):
        plain = values(index)
        seen: Any = array.value[plain]
        if isinstance(seen, np.ndarray):
            return tape.alias(array, seen)
        # A single item is a number, which stays what it is when the array changes.
        item = tape.alias(array, array.value[(*plain, ...)])
        return tape.constant(seen) if array.buffer.constant else tape.copy(item)
    result = array.value[values(index)]
    if array.buffer.constant and _is_constant(index):
        return tape.constant(result)
    view = _picking(tape, array, index, result.shape, tape.view(array, array.shape))
    out = tape.fresh(result)
    kind = array.dtype.str
    tape.add(Loop(out.shape, tape.target(out), COPY, (view,), (kind,), kind, line=line()))
    return out


def put(tape: Tape, array: Traced, index: Any, value: Any, *, add: bool = False) -> None:
    """`array[index] = value`, or `np.add.at(array, index, value)`."""
    index = _plain(index)
    plain = values(index)
    held = [value] if isinstance(value, Traced) else []
    fixed = array.buffer.constant and _is_constant(index) and all(v.buffer.constant for v in held)
    if fixed:
        _change(array.value, plain, values(value), add=add)
        return
    if isinstance(value, Traced) and value.buffer is array.buffer:
        if not add and not _is_advanced(index) and same(array.value[plain], value.value):
            return  # `x[i] += y` has changed the view x[i]; what is left is to assign it to itself
        value = tape.copy(value)
    tape.write(array)
    shape = np.shape(array.value[plain])
    view = array.buffer.view(array.value)
    if _is_advanced(index):
        view = _picking(tape, array, index, shape, view)
    else:
        # With an ellipsis even a single item is a view, of no axes.
        seen = plain if any(each is Ellipsis for each in plain) else (*plain, ...)
        view = array.buffer.view(array.value[seen])
    _change(array.value, plain, values(value), add=add)
    source = tape.source(value, shape)
    kind = array.dtype.str
    combine = "add" if add else "set"
    tape.add(Loop(shape, view, COPY, (source,), (kind,), kind, combine, line=line()))


def _change(held: Array, index: Any, value: Any, *, add: bool) -> None:
    if add:
        np.add.at(held, index, value)
    else:
        held[index] = value


def _plain(index: Any) -> tuple[Any, ...]:
    """An index as a tuple, with lists as arrays and masks that are constant as numbers."""
    found: list[Any] = []
    for each in index if isinstance(index, tuple) else (index,):
        if isinstance(each, (list, range)):
            each = np.array(each)
        if isinstance(each, Traced) and each.buffer.constant:
            each = each.value
        if isinstance(each, np.ndarray) and each.dtype == bool and each.ndim:
            found.extend(np.nonzero(each))
        elif isinstance(each, Traced) and each.dtype == bool:
            raise UnsupportedError("a mask as an index makes arrays of changing size: use np.where")
        elif isinstance(each, np.integer):
            found.append(int(each))
        else:
            found.append(each)
    return tuple(found)


def _is_advanced(index: tuple[Any, ...]) -> bool:
    return any(isinstance(each, (Traced, np.ndarray)) for each in index)


def _is_constant(index: tuple[Any, ...]) -> bool:
    return not any(isinstance(each, Traced) for each in index)


def same(one: Array, other: Array) -> bool:
    return (
        one.shape == other.shape
        and one.strides == other.strides
        and one.__array_interface__["data"] == other.__array_interface__["data"]
    )


def _picking(
    tape: Tape, array: Traced, index: tuple[Any, ...], shape: tuple[int, ...], view: Window
) -> Window:
    """The view of `array[index]` over `shape`, made from the one of all of `array`.

    Slices and new axes are applied first. NumPy puts the axes of the index arrays where the first
    of them stands if they stand side by side, else in front.
    """
    entries = _spelled_out(index, array.ndim)
    basic = tuple(e if isinstance(e, slice) or e is None else slice(None) for e in entries)
    whole = np.lib.stride_tricks.as_strided(
        np.empty(1, np.int8), array.shape, view.strides
    )  # never read: it is there for its strides, which slices change as NumPy does
    sliced = whole[basic]
    start = view.offset + (
        sliced.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    )
    at = [i for i, e in enumerate(entries) if not (isinstance(e, slice) or e is None)]
    arrays = [entries[i] for i in at]
    common = np.broadcast_shapes(*(np.shape(values(each)) for each in arrays))
    together = at == list(range(at[0], at[-1] + 1))
    place = at[0] if together else 0
    kept = [sliced.strides[i] for i in range(sliced.ndim) if i not in at]
    strides = (*kept[:place], *(0 for _ in common), *kept[place:])
    after = len(shape) - place - len(common)
    picks: list[Pick] = []
    for axis, each in zip(at, arrays, strict=True):
        stride, length = sliced.strides[axis], sliced.shape[axis]
        lined_up = values(each)
        if not isinstance(each, Traced):
            plain = np.broadcast_to(
                np.where(np.asarray(lined_up) < 0, np.asarray(lined_up) + length, lined_up), common
            )
            affine = _affine(plain)
            if affine is not None:
                first_value, steps = affine
                start += first_value * stride
                added = [s * stride for s in steps]
                strides = tuple(
                    s + (added[i - place] if place <= i < place + len(common) else 0)
                    for i, s in enumerate(strides)
                )
                continue
            each = tape.constant(plain)
        spread = tape.view(each, common)
        own = (*(0 for _ in range(place)), *spread.strides, *(0 for _ in range(after)))
        picks.append(Pick(replace(spread, strides=own), stride, length))
    strides = tuple(s if n > 1 else 0 for s, n in zip(strides, shape, strict=True))
    return Window(view.buffer, start, strides, tuple(picks))


def _spelled_out(index: tuple[Any, ...], ndim: int) -> list[Any]:
    """The entries of an index with the ellipsis, and slices left out, written as slices."""
    given = sum(each is not None and each is not Ellipsis for each in index)
    rest = [slice(None)] * (ndim - given)
    at = next((i for i, each in enumerate(index) if each is Ellipsis), len(index))
    return [*index[:at], *rest, *index[at + 1 :]]


def _affine(array: Array) -> tuple[int, tuple[int, ...]] | None:
    """First value and steps where an array of indices rises evenly along each axis, else None."""
    if not array.size:
        return None
    first = int(array.flat[0])
    steps = tuple(
        int(np.take(array, 1, axis).flat[0]) - first if size > 1 else 0
        for axis, size in enumerate(array.shape)
    )
    even = first + sum(
        (np.arange(size) * step).reshape([-1 if i == axis else 1 for i in range(array.ndim)])
        for axis, (size, step) in enumerate(zip(array.shape, steps, strict=True))
    )
    return (first, steps) if np.array_equal(np.broadcast_to(even, array.shape), array) else None
