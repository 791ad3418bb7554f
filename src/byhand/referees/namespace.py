"""NumPy code on another library's arrays: a NumPy forward runs on PyTorch and JAX as it stands.

A `LibraryArray` holds an array of the library and answers NumPy's operators, methods and functions
(`__array_ufunc__`, NEP 13; `__array_function__`, NEP 18) by the function of the same name in the
library's own NumPy-like namespace: `jax.numpy`, `torch._numpy`. No rule of byhand's takes part, so
the gradients are the library's. Since the array brings its answers along, `np` itself stays what it
is, and modules that forward imports run too.

Indexing goes by place: NumPy indexes the numbers of the elements, the library gathers the elements
with these numbers. So every index means what it means in NumPy, and repeated ones are read twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.lib import stride_tricks

from byhand.errors import RefereeError
from byhand.values.array_protocol import MutableArray
from byhand.values.arrays import Array, is_array, is_list, is_tuple, numbered
from byhand.values.no_floats import NO_FLOATS

Answer: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Library:
    """A library with a NumPy-like namespace.

    `kind` is its array type; `array` makes one of a NumPy array. `plain` is the reverse, and is
    asked whenever NumPy or Python must know a value: an integer or boolean result (of a comparison,
    an argmax) is a plain array from then on. `others` holds answers for what the namespace lacks or
    does in another way, by NumPy's name ("linalg.solve"); they take and give the library's arrays.
    `composed` holds, by NumPy's function, what is written with other functions of NumPy's instead.
    """

    name: str
    namespace: ModuleType
    kind: type
    array: Callable[[Array], Any]
    plain: Callable[[Any], Array]
    others: Mapping[str, Answer] = field(default_factory=dict[str, Answer])
    composed: Mapping[Answer, Answer] = field(default_factory=dict[Answer, Answer])

    def lend(self, value: Any) -> Any:
        """`value` with a LibraryArray for every float array, and plain arrays for the others."""
        if is_list(value):
            return [self.lend(item) for item in value]
        if is_tuple(value):
            items = [self.lend(item) for item in value]
            return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
        if isinstance(value, np.generic):
            value = np.asarray(cast("Any", value))
        if is_array(value):
            value = self.array(value)
        if not isinstance(value, self.kind):
            return value
        return LibraryArray(value, self) if _dtype(value).kind == "f" else self.plain(value)[()]

    def take_back(self, value: Any) -> Any:
        """`value` with arrays of the library's for every LibraryArray and every NumPy array."""
        if isinstance(value, LibraryArray):
            return value.value
        if is_array(value):
            return self.array(value)
        if isinstance(value, np.generic):
            return cast("Any", value).item()
        if is_list(value):
            if value and all(type(item) is float for item in value):
                return self.array(np.array(value))
            return [self.take_back(item) for item in value]
        if is_tuple(value):
            return tuple(self.take_back(item) for item in value)
        return value

    def known(self, value: Any) -> Any:
        """`value` with a plain array for every LibraryArray."""
        if isinstance(value, LibraryArray):
            return self.plain(value.value)
        if is_list(value):
            return [self.known(item) for item in value]
        if is_tuple(value):
            return tuple(self.known(item) for item in value)
        if isinstance(value, dict):
            return {key: self.known(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
        return value

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """NumPy's function `name` ("sum", "linalg.norm") by the library's counterpart."""
        if name == "clip":
            args, kwargs = _bounds(*args, **kwargs), {}
        answer = self.others.get(name) or _member(self.namespace, name)
        if name == "pad" and (*args[2:], kwargs.get("mode", "constant"))[0] != "constant":
            return self._move(np.pad, *args, **kwargs)
        if answer is None and name in _MOVING:
            return self._move(_MOVING[name], *args, **kwargs)
        if answer is None:
            raise self.refusal(f"np.{name}")
        return self.by(answer, *args, **{k: _by_name(k, v) for k, v in kwargs.items()})

    def by(self, answer: Answer, *args: Any, **kwargs: Any) -> Any:
        """A function of the library's, with arrays lent and taken back."""
        taken = {key: self.take_back(value) for key, value in kwargs.items()}
        return self.lend(answer(*(self.take_back(arg) for arg in args), **taken))

    def refusal(self, what: str) -> RefereeError:
        return RefereeError(
            f"the {self.name} referee has no counterpart for {what}: use --referee finite"
        )

    def gather(self, x: LibraryArray, places: Array) -> LibraryArray:
        """The elements of `x` with these numbers."""
        taken = self.call("take", self.call("reshape", x, (-1,)), places.ravel())
        return taken if places.ndim == 1 else self.call("reshape", taken, places.shape)

    def put(self, x: Any, index: Any, value: Any) -> Any:
        """A copy of `x` with `x[index] = value`; of what is assigned twice, the last stays."""
        numbers = numbered(x.shape)
        places = numbers[index]
        if not places.size:
            return x
        writer: Array = np.zeros(x.shape, dtype=int)
        writer.ravel()[places.ravel()] = np.arange(1, places.size + 1)
        spread = self.lend(np.zeros(places.shape)) + value
        if spread.shape != places.shape:  # NumPy drops leading axes of length 1
            spread = self.call("reshape", spread, places.shape)
        return self.call("where", writer > 0, self.gather(spread, writer - 1), x)

    def _move(self, func: Answer, x: Any, *args: Any, **kwargs: Any) -> Any:
        """A function that only moves elements: NumPy moves their numbers, the library follows."""
        moved = func(numbered(x.shape), *args, **kwargs)
        if is_array(moved):
            return self.gather(x, moved)
        return [self.gather(x, each) for each in moved]


class LibraryArray(MutableArray):
    """A float array of another library that answers as a NumPy array does."""

    __slots__ = ("library", "value")

    def __init__(self, value: Any, library: Library) -> None:
        self.value = value
        self.library = library

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.value.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return _dtype(self.value)

    # NumPy's protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(each is None or isinstance(each, str) for each in inputs):
            return NotImplemented
        name, call = ufunc.__name__, self.library.call
        if ufunc in NO_FLOATS and method == "__call__":
            return ufunc(*self.library.known(inputs), **kwargs)
        if self.library.namespace is np:
            return self.library.by(getattr(ufunc, method), *inputs, **kwargs)
        inputs = tuple(np.asarray(i) if is_list(i) else i for i in inputs)
        match method:
            case "__call__" if ufunc in self.library.composed:
                return self.library.composed[ufunc](*inputs, **kwargs)
            case "__call__" if not kwargs:
                return call(name, *inputs)
            case "reduce" | "accumulate" if (name, method) in _UFUNC_METHODS:
                x, axis = (*inputs, kwargs.pop("axis", 0))[:2]
                return call(_UFUNC_METHODS[name, method], x, axis=axis, **kwargs)
            case "outer" if not kwargs:
                x, y = inputs
                return call(name, np.reshape(x, (*np.shape(x), *(1,) * np.ndim(y))), y)
            case _:
                what = name if method == "__call__" else f"{name}.{method}"
                options = f"(..., {', '.join(f'{key}=' for key in kwargs)})" if kwargs else ""
                raise self.library.refusal(f"np.{what}{options}")

    def __array_function__(
        self, func: Any, types: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        name = func.__name__
        if name == "full_like" and isinstance(args[1], LibraryArray):
            return np.broadcast_to(args[1], args[0].shape)
        if name in _ABOUT_THE_SHAPE:
            return func(*(_alike(a) if isinstance(a, LibraryArray) else a for a in args), **kwargs)
        if func in NO_FLOATS:
            return func(*self.library.known(args), **self.library.known(kwargs))
        if func in self.library.composed:
            return self.library.composed[func](*args, **kwargs)
        if self.library.namespace is np:
            return self.library.by(func, *args, **kwargs)
        inner = func.__module__.removeprefix("numpy").removeprefix(".lib.stride_tricks")
        return self.library.call(f"{inner}.{name}".removeprefix("."), *args, **kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.library.plain(self.value), dtype)

    # What Python asks of a number.

    def __bool__(self) -> bool:
        return bool(self.library.plain(self.value))

    def __int__(self) -> int:
        return int(self.library.plain(self.value))

    def __float__(self) -> float:
        return float(self.library.plain(self.value))

    # Items.

    def __getitem__(self, index: Any) -> LibraryArray:
        return self.library.gather(self, np.asarray(numbered(self.shape)[index]))

    def constant_like(self, value: Any) -> LibraryArray:
        """An array of the library's, from one that is to be filled with what is differentiated."""
        return self.library.lend(value)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.value = self.library.put(self, index, value).value

    def become(self, new: LibraryArray) -> None:
        self.value = new.value

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"the {self.library.name} referee knows no array method or attribute {name}: "
            "use --referee finite"
        )

    def astype(self, dtype: Any, **_: Any) -> Any:
        # Precision is chosen for a whole run, not in the middle of one.
        if np.dtype(dtype).kind == "f":
            return self.copy()
        return np.asarray(self.library.plain(self.value)).astype(dtype)


_UFUNC_METHODS = {
    ("add", "reduce"): "sum",
    ("multiply", "reduce"): "prod",
    ("maximum", "reduce"): "max",
    ("minimum", "reduce"): "min",
    ("logaddexp", "reduce"): "logsumexp",
    ("add", "accumulate"): "cumsum",
    ("multiply", "accumulate"): "cumprod",
}

# Functions that need the shape and the type alone: their results are plain.
_ABOUT_THE_SHAPE = {
    *("empty_like", "full_like", "ones_like", "zeros_like"),
    *("ndim", "result_type", "shape", "size"),
}

# Functions of one array that only move its elements: where a namespace lacks one, places do.
_MOVING: Mapping[str, Answer] = {
    "sliding_window_view": stride_tricks.sliding_window_view,
    "linalg.diagonal": np.linalg.diagonal,
    "linalg.matrix_transpose": np.linalg.matrix_transpose,
    **{
        name: getattr(np, name)
        for name in ("delete", "matrix_transpose", "unstack")
        if hasattr(np, name)
    },
}


def _member(namespace: Any, name: str) -> Answer | None:
    for part in name.split("."):
        namespace = getattr(namespace, part, None)
    return namespace


def _dtype(value: Any) -> np.dtype[Any]:
    return np.dtype(value.dtype.name)


def _bounds(
    x: Any,
    a_min: Any = None,
    a_max: Any = None,
    *,
    min: Any = None,
    max: Any = None,
) -> tuple[Any, Any, Any]:
    """What `np.clip` was given, by position: libraries have other names for it."""
    return x, a_min if min is None else min, a_max if max is None else max


def _by_name(key: str, value: Any) -> Any:
    """Every library knows a dtype by its name."""
    return np.dtype(value).name if key == "dtype" and value is not None else value


def _alike(x: LibraryArray) -> Array:
    """Zeros of the shape and the type of `x`, in the room of one."""
    return np.broadcast_to(np.zeros((), x.dtype), x.shape)
