"""Copies, other shapes of the same elements, and arrays put together."""

# What NumPy takes and gives can be of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.compiling.statements import COPY
from byhand.compiling.tape import Tape, Traced, traced, values
from byhand.errors import UnsupportedError


def reshape(tape: Tape, array: Traced, /, *shape: Any, order: str = "C", **rest: Any) -> Any:
    if rest or order != "C":
        raise UnsupportedError("np.reshape with order or copy")
    wanted = shape[0] if len(shape) == 1 else shape
    result = array.value.reshape(wanted)
    if array.buffer.constant or np.may_share_memory(result, array.buffer.base):
        return (
            tape.alias(array, result)
            if np.may_share_memory(result, array.buffer.base)
            else tape.constant(result)
        )
    whole = tape.loop(COPY, np.array(array.value, order="C"), [array], [array.dtype])
    return tape.alias(whole, whole.value.reshape(result.shape))


def ravel(tape: Tape, array: Traced, order: str = "C") -> Any:
    return reshape(tape, array, -1, order=order)


def astype(tape: Tape, array: Traced, dtype: Any, copy: bool = True, **rest: Any) -> Any:
    result = array.value.astype(dtype)
    if array.buffer.constant:
        return tape.constant(result)
    if not copy and result.dtype == array.dtype:
        return array
    return tape.loop(COPY, result, [array], [array.dtype])


def copied(tape: Tape, array: Traced, order: Any = "K", **rest: Any) -> Any:
    if array.buffer.constant:
        return tape.constant(array.value)
    return tape.loop(COPY, np.array(array.value, order=order), [array], [array.dtype])  # pyright: ignore[reportArgumentType]


def where(tape: Tape, condition: Any, *choices: Any) -> Any:
    if len(choices) != 2:
        raise UnsupportedError("np.where without values makes arrays of changing size")
    everything = (condition, *choices)
    result = np.where(*values(everything))
    if all(array.buffer.constant for array in traced(everything)):
        return tape.constant(result)
    return tape.loop("where", result, [*everything], [bool, result.dtype, result.dtype])


def clip(
    tape: Tape, array: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **rest: Any
) -> Any:
    low, high = rest.get("min", a_min), rest.get("max", a_max)
    array = array if low is None else np.maximum(array, low)
    return array if high is None else np.minimum(array, high)


def concatenate(tape: Tape, arrays: Any, axis: int | None = 0, **rest: Any) -> Any:
    arrays = [a if isinstance(a, Traced) else tape.constant(a) for a in arrays]
    if axis is None:
        arrays, axis = [reshape(tape, a, -1) for a in arrays], 0
    result = np.concatenate([a.value for a in arrays], axis)
    if all(a.buffer.constant for a in arrays):
        return tape.constant(result)
    out = tape.fresh(result)
    at = 0
    for array in arrays:
        size = array.shape[axis]
        place = [slice(None)] * result.ndim
        place[axis] = slice(at, at + size)
        part = tape.alias(out, out.value[tuple(place)])
        tape.fill(part, COPY, [array], [array.dtype])
        at += size
    return out


def stack(tape: Tape, arrays: Any, axis: int = 0, **rest: Any) -> Any:
    arrays = [a if isinstance(a, Traced) else tape.constant(a) for a in arrays]
    return concatenate(tape, [np.expand_dims(a, axis) for a in arrays], axis)


def full(value: Any, like: Callable[..., Any]) -> Callable[..., Any]:
    def made(tape: Tape, array: Any, *args: Any, **kwargs: Any) -> Any:
        return tape.constant(like(values(array), *values(args), **kwargs))

    return made


def take_along_axis(tape: Tape, array: Any, indices: Any, axis: int = -1) -> Any:
    return array[_along(array, indices, axis)]


def put_along_axis(tape: Tape, array: Any, indices: Any, value: Any, axis: int) -> None:
    array[_along(array, indices, axis)] = value


def _along(array: Any, indices: Any, axis: int) -> tuple[Any, ...]:
    places = list(np.ogrid[tuple(slice(n) for n in np.shape(indices))])
    places[axis] = indices
    return tuple(places)
