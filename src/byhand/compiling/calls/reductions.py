"""Sums, products and extremes along axes, and what is made of them."""

# What NumPy takes and gives can be of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.compiling.calls.left_alone import constant_or_call
from byhand.compiling.calls.shapes import reshape
from byhand.compiling.statements import COMBINED, COPY, Loop
from byhand.compiling.tape import Tape, Traced, line
from byhand.errors import UnsupportedError


def reduce(
    tape: Tape,
    ufunc: np.ufunc,
    array: Traced,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    **rest: Any,
) -> Any:
    if out is not None or any(v is not np._NoValue for v in rest.values()):  # pyright: ignore[reportPrivateUsage]
        raise UnsupportedError(f"np.{ufunc.__name__}.reduce with out, initial or where")
    keep = bool(keepdims is not np._NoValue and keepdims)  # pyright: ignore[reportPrivateUsage]
    wide = np.asarray(ufunc.reduce(array.value, axis=axis, dtype=dtype, keepdims=True))
    if array.buffer.constant:
        made = tape.constant(wide)
    else:
        _, start = COMBINED[ufunc.__name__]
        if wide.dtype.kind in "iu" and ufunc in (np.maximum, np.minimum):
            limits = np.iinfo(wide.dtype)
            start = int(limits.min if ufunc is np.maximum else limits.max)
        made = _reduced(tape, array, wide, COPY, array.dtype, wide.dtype, ufunc.__name__, start)
    if keep:
        return made
    axes = (
        range(array.ndim)
        if axis is None
        else np.lib.array_utils.normalize_axis_tuple(axis, array.ndim)
    )
    shape = tuple(n for i, n in enumerate(array.shape) if i not in axes)
    return tape.alias(made, made.value.reshape(shape))


def _reduced(
    tape: Tape, array: Traced, wide: Any, op: str, cast: Any, kind: Any, combine: str, start: Any
) -> Traced:
    """The reduction of `array` to `wide`, which has size 1 along the axes that are gone."""
    out = tape.fresh(wide)
    target = tape.target(out)
    source = tape.source(array, array.shape)
    result = np.dtype(kind).str
    tape.add(
        Loop(
            array.shape,
            target,
            op,
            (source,),
            (np.dtype(kind).str,),
            result,
            combine,
            start,
            line(),
        )
    )
    return out


def argument(
    tape: Tape,
    func: Callable[..., Any],
    extremum: np.ufunc,
    array: Traced,
    axis: Any = None,
    out: Any = None,
    *,
    keepdims: Any = False,
) -> Any:
    """np.argmax and np.argmin: the least index at which the extreme stands."""
    if axis is None:
        array, axis = reshape(tape, array, -1), 0
    if out is not None or array.buffer.constant:
        return constant_or_call(tape, func, (array, axis), {}, func.__name__)
    extreme = reduce(tape, extremum, array, axis, keepdims=True)
    size = array.shape[axis]
    places = np.arange(size).reshape(
        [-1 if i == axis % array.ndim else 1 for i in range(array.ndim)]
    )
    found = (array == extreme) | np.isnan(array)  # a row of NaN has a place too, as in NumPy
    candidates = np.where(found, places, size)
    return reduce(tape, np.minimum, candidates, axis, keepdims=keepdims)


def mean(
    tape: Tape,
    array: Traced,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    **rest: Any,
) -> Any:
    total = reduce(tape, np.add, array, axis, dtype, out, keepdims, **rest)
    return total / (array.size / max(total.size, 1))


def var(
    tape: Tape,
    array: Traced,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: Any = False,
    **rest: Any,
) -> Any:
    away = array - mean(tape, array, axis, keepdims=True)
    total = reduce(tape, np.add, away * away, axis, dtype, out, keepdims, **rest)
    return total / (array.size / max(total.size, 1) - ddof)


def by(ufunc: np.ufunc) -> Callable[..., Any]:
    """The function that reduces by a ufunc: np.sum for np.add."""

    def made(tape: Tape, array: Any, *args: Any, **kwargs: Any) -> Any:
        return reduce(tape, ufunc, array, *args, **kwargs)

    return made
