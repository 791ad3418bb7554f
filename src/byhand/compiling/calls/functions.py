"""NumPy's other functions, by their own rules; methods are the functions of the same name."""

# What NumPy takes and gives can be of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.compiling.calls.left_alone import constant_or_call
from byhand.compiling.calls.products import dot, outer, tensordot
from byhand.compiling.calls.reductions import argument, by, mean, var
from byhand.compiling.calls.shapes import (
    astype,
    clip,
    concatenate,
    copied,
    full,
    put_along_axis,
    ravel,
    reshape,
    stack,
    take_along_axis,
    where,
)
from byhand.compiling.tape import Tape, Traced

Handler = Callable[..., Any]


def apply_function(tape: Tape, func: Handler, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    handler = HANDLERS.get(func)
    if handler is not None:
        return handler(tape, *args, **kwargs)
    return constant_or_call(tape, func, args, kwargs, func.__name__)


HANDLERS: dict[Any, Handler] = {
    np.sum: by(np.add),
    np.prod: by(np.multiply),
    np.max: by(np.maximum),
    np.min: by(np.minimum),
    np.amax: by(np.maximum),
    np.amin: by(np.minimum),
    np.argmax: lambda tape, *a, **k: argument(tape, np.argmax, np.maximum, *a, **k),
    np.argmin: lambda tape, *a, **k: argument(tape, np.argmin, np.minimum, *a, **k),
    np.mean: mean,
    np.var: var,
    np.std: lambda tape, *a, **k: np.sqrt(var(tape, *a, **k)),
    np.dot: dot,
    np.tensordot: tensordot,
    np.outer: outer,
    np.reshape: reshape,
    np.ravel: ravel,
    np.copy: copied,
    np.astype: astype,
    np.where: where,
    np.clip: clip,
    np.concatenate: concatenate,
    np.stack: stack,
    np.zeros_like: full(0, np.zeros_like),
    np.ones_like: full(1, np.ones_like),
    np.empty_like: full(0, np.zeros_like),
    np.full_like: full(None, np.full_like),
    np.take_along_axis: take_along_axis,
    np.put_along_axis: put_along_axis,
    np.shape: lambda tape, array: np.shape(array.value),
    np.ndim: lambda tape, array: array.value.ndim,
    np.size: lambda tape, array, axis=None: np.size(array.value, axis),
}


_ATTRIBUTES: dict[str, Callable[[Traced], Any]] = {
    "itemsize": lambda a: a.value.itemsize,
    "nbytes": lambda a: a.value.nbytes,
}

_METHODS: dict[str, Callable[..., Any]] = {
    "astype": lambda a, dtype, **k: np.astype(a, np.dtype(dtype), **k),
    "fill": lambda a, value: operator.setitem(a, Ellipsis, value),
    "item": lambda a, *at: a._constant("item() asks for its value").item(*at),  # pyright: ignore[reportPrivateUsage]
    "tolist": lambda a: a._constant("tolist() asks for its values").tolist(),  # pyright: ignore[reportPrivateUsage]
}  # fmt: skip


def method(array: Traced, name: str) -> Any:
    """An attribute or a method of `ndarray`, by the function of the same name."""
    if name in _ATTRIBUTES:
        return _ATTRIBUTES[name](array)
    func = _METHODS.get(name) or getattr(np, name, None)
    if func is None or not hasattr(np.ndarray, name):
        raise AttributeError(f"an array has no {name}, or none that can be compiled")
    return lambda *args, **kwargs: func(array, *args, **kwargs)
