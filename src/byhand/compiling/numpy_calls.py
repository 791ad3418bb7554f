"""NumPy's functions on traced arrays: which of them become statements, and which are views.

What has no entry here is computed by NumPy itself in every step (a `Call`), unless its result is
a view, which costs nothing.
"""

# What NumPy takes and gives can be of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.compiling import indexing
from byhand.compiling.functions import ELEMENTWISE
from byhand.compiling.statements import Loop
from byhand.compiling.tape import Tape, Traced, line, traced, values
from byhand.errors import UnsupportedError

Handler = Callable[..., Any]


def apply_ufunc(
    tape: Tape, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    if ufunc is np.matmul and method == "__call__" and not kwargs:
        return matmul(tape, *inputs)
    if method == "at" and ufunc in (np.add, np.subtract) and len(inputs) == 3:
        array, index, value = inputs
        value = value if ufunc is np.add else -value
        return indexing.put(tape, _array(tape, array), index, value, add=True)
    if method == "reduce" and ufunc in _REDUCTIONS:
        return reduce(tape, ufunc, *inputs, **{"axis": 0, **kwargs})
    if method != "__call__" or set(kwargs) - {"out"}:
        return _constant_or_call(tape, getattr(ufunc, method), inputs, kwargs, ufunc.__name__)
    (out,) = kwargs.get("out", (None,))
    if out is None and all(each.storage.constant for each in traced(inputs)):
        return _wrapped(tape, ufunc(*values(inputs)))
    if ufunc.__name__ not in ELEMENTWISE or ufunc.nout > 1:
        if out is not None:
            raise UnsupportedError(f"np.{ufunc.__name__} with out=...")
        result = ufunc(*values(inputs))
        return tape.call(ufunc.__name__, ufunc, inputs, {}, result)
    arrays = [
        each
        if isinstance(each, Traced) or type(each) in (bool, int, float)
        else tape.constant(each)
        for each in inputs
    ]
    *types, kind = ufunc.resolve_dtypes((*(_type(each) for each in arrays), None))
    if out is None:
        return tape.loop(ufunc.__name__, ufunc(*values(inputs)), arrays, types, kind)
    if not isinstance(out, Traced):
        raise UnsupportedError("changing an array in place that was made outside of the step")
    return _in_place(tape, ufunc, arrays, out, types, kind)


def _in_place(
    tape: Tape, ufunc: np.ufunc, inputs: list[Any], out: Traced, types: Any, kind: Any
) -> Traced:
    tape.write(out)
    for i, each in enumerate(inputs):
        shared = isinstance(each, Traced) and each.storage is out.storage
        if shared and not indexing.same(each.value, out.value):
            inputs[i] = tape.copy(each)
    # The sources are looked up before NumPy changes the values under them.
    windows = [tape.source(each, out.shape) for each in inputs]
    ufunc(*values(inputs), out=out.value, casting="same_kind")
    casts = tuple(np.dtype(each).str for each in types)
    tape.add(
        Loop(
            out.shape,
            tape.target(out),
            ufunc.__name__,
            tuple(windows),
            casts,
            np.dtype(kind).str,
            line=line(),
        )
    )
    return out


def apply_function(tape: Tape, func: Handler, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    handler = HANDLERS.get(func)
    if handler is not None:
        return handler(tape, *args, **kwargs)
    return _constant_or_call(tape, func, args, kwargs, func.__name__)


def _constant_or_call(
    tape: Tape, func: Handler, args: tuple[Any, ...], kwargs: dict[str, Any], name: str
) -> Any:
    """What has no entry: a constant of constants, a view, or left to NumPy."""
    if "out" in kwargs and kwargs["out"] is not None:
        raise UnsupportedError(f"np.{name} with out=...")
    plain = {key: values(each) for key, each in kwargs.items()}
    result = func(*values(args), **plain)
    arrays = traced(args) + traced(tuple(kwargs.values()))
    several = isinstance(result, (list, tuple))
    parts = list(result) if several else [result]
    owners = [_owner(part, arrays) for part in parts]
    if all(owner is not None for owner in owners):
        views = [tape.view(o, p) for o, p in zip(owners, parts, strict=True) if o is not None]
        return views if several else views[0]
    if all(array.storage.constant for array in arrays):
        made = [_wrapped(tape, part) for part in parts]
        return made if several else made[0]
    return tape.call(name, func, args, kwargs, result)


def _owner(part: Any, arrays: list[Traced]) -> Traced | None:
    """The array that `part` is a view on."""
    if not isinstance(part, np.ndarray):
        return None
    return next((a for a in arrays if np.may_share_memory(part, a.storage.base)), None)


def _wrapped(tape: Tape, result: Any) -> Any:
    return tape.constant(result) if isinstance(result, (np.ndarray, np.generic)) else result


def _array(tape: Tape, array: Any) -> Traced:
    if isinstance(array, Traced):
        return array
    raise UnsupportedError("changing an array in place that was made outside of the step")


def _type(each: Any) -> Any:
    return each.dtype if isinstance(each, Traced) else type(each)


# Reductions.

_REDUCTIONS: dict[np.ufunc, tuple[str, Any]] = {
    np.add: ("add", 0),
    np.multiply: ("multiply", 1),
    np.maximum: ("maximum", -np.inf),
    np.minimum: ("minimum", np.inf),
}


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
    if array.storage.constant:
        made = tape.constant(wide)
    else:
        combine, start = _REDUCTIONS[ufunc]
        if wide.dtype.kind in "iu" and combine in ("maximum", "minimum"):
            limits = np.iinfo(wide.dtype)
            start = int(limits.min if combine == "maximum" else limits.max)
        made = _reduced(tape, array, wide, "positive", array.dtype, wide.dtype, combine, start)
    if keep:
        return made
    axes = (
        range(array.ndim)
        if axis is None
        else np.lib.array_utils.normalize_axis_tuple(axis, array.ndim)
    )
    shape = tuple(n for i, n in enumerate(array.shape) if i not in axes)
    return tape.view(made, made.value.reshape(shape))


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
    name: str,
    array: Traced,
    axis: Any = None,
    out: Any = None,
    *,
    keepdims: Any = False,
) -> Any:
    """np.argmax and np.argmin: the least index at which the extreme stands."""
    if axis is None:
        array, axis = reshape(tape, array, -1), 0
    func = getattr(np, name)
    if out is not None or array.storage.constant:
        return _constant_or_call(tape, func, (array, axis), {}, name)
    extreme = reduce(
        tape, np.maximum if name == "argmax" else np.minimum, array, axis, keepdims=True
    )
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


# Products.


def matmul(tape: Tape, left: Any, right: Any) -> Any:
    left, right = (
        each if isinstance(each, Traced) else tape.constant(each) for each in (left, right)
    )
    if left.storage.constant and right.storage.constant:
        return tape.constant(left.value @ right.value)
    kind = np.result_type(left.dtype, right.dtype)
    if kind.kind != "f":
        return tape.call("matmul", np.matmul, (left, right), {}, left.value @ right.value)
    left, right = (
        each if each.dtype == kind else astype(tape, each, kind) for each in (left, right)
    )
    row, column = left.ndim == 1, right.ndim == 1
    a = tape.view(left, left.value[None]) if row else left
    b = tape.view(right, right.value[:, None]) if column else right
    out = tape.product(np.matmul(a.value, b.value), a, b)
    value = out.value
    value = value[..., 0] if column else value
    value = (value[..., 0, :] if not column else value[..., 0]) if row else value
    return tape.view(out, value)


def dot(tape: Tape, left: Any, right: Any, out: Any = None) -> Any:
    if np.ndim(values(left)) == 0 or np.ndim(values(right)) == 0:
        return left * right
    if np.ndim(values(right)) <= 2 and out is None:
        return matmul(tape, left, right)
    return _constant_or_call(tape, np.dot, (left, right), {"out": out}, "dot")


def tensordot(tape: Tape, left: Any, right: Any, axes: Any = 2) -> Any:
    left, right = (
        each if isinstance(each, Traced) else tape.constant(each) for each in (left, right)
    )
    if isinstance(axes, int):
        axes = (list(range(left.ndim - axes, left.ndim)), list(range(axes)))
    ours, theirs = ([side] if isinstance(side, int) else list(side) for side in axes)
    ours = [axis % left.ndim for axis in ours]
    theirs = [axis % right.ndim for axis in theirs]
    kept = [axis for axis in range(left.ndim) if axis not in ours]
    rest = [axis for axis in range(right.ndim) if axis not in theirs]
    shape = tuple(left.shape[i] for i in kept) + tuple(right.shape[i] for i in rest)
    inner = int(np.prod([left.shape[i] for i in ours], dtype=int))
    a: Any = np.transpose(left, kept + ours)
    b: Any = np.transpose(right, theirs + rest)
    made = matmul(tape, reshape(tape, a, (-1, inner)), reshape(tape, b, (inner, -1)))
    return reshape(tape, made, shape)


def outer(tape: Tape, left: Any, right: Any, out: Any = None) -> Any:
    return np.multiply(np.reshape(left, (-1, 1)), np.reshape(right, (1, -1)))


# Copies and shapes.


def reshape(tape: Tape, array: Traced, /, *shape: Any, order: str = "C", **rest: Any) -> Any:
    if rest or order != "C":
        raise UnsupportedError("np.reshape with order or copy")
    wanted = shape[0] if len(shape) == 1 else shape
    result = array.value.reshape(wanted)
    if array.storage.constant or np.may_share_memory(result, array.storage.base):
        return (
            tape.view(array, result)
            if np.may_share_memory(result, array.storage.base)
            else tape.constant(result)
        )
    whole = tape.loop("positive", np.array(array.value, order="C"), [array], [array.dtype])
    return tape.view(whole, whole.value.reshape(result.shape))


def ravel(tape: Tape, array: Traced, order: str = "C") -> Any:
    return reshape(tape, array, -1, order=order)


def astype(tape: Tape, array: Traced, dtype: Any, copy: bool = True, **rest: Any) -> Any:
    result = array.value.astype(dtype)
    if array.storage.constant:
        return tape.constant(result)
    if not copy and result.dtype == array.dtype:
        return array
    return tape.loop("positive", result, [array], [array.dtype])


def copied(tape: Tape, array: Traced, order: Any = "K", **rest: Any) -> Any:
    if array.storage.constant:
        return tape.constant(array.value)
    return tape.loop("positive", np.array(array.value, order=order), [array], [array.dtype])  # pyright: ignore[reportArgumentType]


def where(tape: Tape, condition: Any, *choices: Any) -> Any:
    if len(choices) != 2:
        raise UnsupportedError("np.where without values makes arrays of changing size")
    everything = (condition, *choices)
    result = np.where(*values(everything))
    if all(array.storage.constant for array in traced(everything)):
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
    if all(a.storage.constant for a in arrays):
        return tape.constant(result)
    out = tape.fresh(result)
    at = 0
    for array in arrays:
        size = array.shape[axis]
        place = [slice(None)] * result.ndim
        place[axis] = slice(at, at + size)
        part = tape.view(out, out.value[tuple(place)])
        tape.fill(part, "positive", [array], [array.dtype])
        at += size
    return out


def stack(tape: Tape, arrays: Any, axis: int = 0, **rest: Any) -> Any:
    arrays = [a if isinstance(a, Traced) else tape.constant(a) for a in arrays]
    return concatenate(tape, [np.expand_dims(a, axis) for a in arrays], axis)


def full(value: Any, like: Callable[..., Any]) -> Handler:
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


def maximum_of(ufunc: np.ufunc) -> Handler:
    def made(tape: Tape, array: Any, *args: Any, **kwargs: Any) -> Any:
        return reduce(tape, ufunc, array, *args, **kwargs)

    return made


HANDLERS: dict[Any, Handler] = {
    np.sum: maximum_of(np.add),
    np.prod: maximum_of(np.multiply),
    np.max: maximum_of(np.maximum),
    np.min: maximum_of(np.minimum),
    np.amax: maximum_of(np.maximum),
    np.amin: maximum_of(np.minimum),
    np.argmax: lambda tape, *a, **k: argument(tape, "argmax", *a, **k),
    np.argmin: lambda tape, *a, **k: argument(tape, "argmin", *a, **k),
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


# Methods and attributes.

_ATTRIBUTES: dict[str, Callable[[Traced], Any]] = {
    "T": lambda a: np.transpose(a),
    "mT": lambda a: np.swapaxes(a, -1, -2),
    "itemsize": lambda a: a.value.itemsize,
    "nbytes": lambda a: a.value.nbytes,
}

_METHODS: dict[str, Callable[..., Any]] = {
    "flatten": lambda a, order="C": np.copy(a).reshape(-1),
    "astype": lambda a, dtype, **k: np.astype(a, np.dtype(dtype), **k),
    "transpose": lambda a, *axes: np.transpose(
        a, None if not axes else axes[0] if len(axes) == 1 else axes
    ),
    "fill": lambda a, value: operator.setitem(a, Ellipsis, value),
    "reshape": lambda a, *shape, **k: np.reshape(a, shape[0] if len(shape) == 1 else shape, **k),
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
