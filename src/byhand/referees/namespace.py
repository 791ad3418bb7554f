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

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from numpy.lib import stride_tricks

from byhand.errors import RefereeError

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Answer: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Library:
    """A library with a NumPy-like namespace.

    `kind` is its array type; `array` makes one of a NumPy array, and `plain` the reverse, which may
    raise where a value isn't known yet. `others` holds answers for what the namespace lacks or does
    in another way, by NumPy's name ("linalg.solve"); they take and give the library's arrays.
    """

    name: str
    namespace: ModuleType
    kind: type
    array: Callable[[Array], Any]
    plain: Callable[[Any], Array]
    others: Mapping[str, Answer] = field(default_factory=dict[str, Answer])

    def lend(self, value: Any) -> Any:
        """`value` with a LibraryArray for every array of the library's and every NumPy array."""
        if isinstance(value, LibraryArray):
            return value
        if isinstance(value, self.kind):
            return LibraryArray(value, self)
        if isinstance(value, (np.ndarray, np.generic)):
            return LibraryArray(self.array(np.asarray(value)), self)  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(value, (list, tuple)):
            items: list[Any] = [self.lend(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
            return items if isinstance(value, list) else tuple(items)
        return value

    def take_back(self, value: Any) -> Any:
        """`value` with arrays of the library's for every LibraryArray and every NumPy array."""
        if isinstance(value, LibraryArray):
            return value.value
        if isinstance(value, np.ndarray):
            return self.array(value)  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, (list, tuple)):
            items: list[Any] = [self.take_back(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
            return items if isinstance(value, list) else tuple(items)
        return value

    def call(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """NumPy's function `name` ("sum", "linalg.norm") by the library's counterpart."""
        answer = self.others.get(name) or _member(self.namespace, name)
        if answer is None and name in _MOVING:
            return self._move(_MOVING[name], args[0], args[1:], kwargs)
        if answer is None:
            raise RefereeError(
                f"np.{name} has no counterpart that the {self.name} referee knows: "
                "use --referee finite"
            )
        kwargs = {key: _dtype_by_name(key, value) for key, value in kwargs.items()}
        taken = {key: self.take_back(value) for key, value in kwargs.items()}
        return self.lend(answer(*(self.take_back(arg) for arg in args), **taken))

    def gather(self, x: LibraryArray, places: Array) -> LibraryArray:
        """The elements of `x` with these numbers."""
        flat = self.call("reshape", (x, (-1,)), {})
        if places.ndim != 1:
            taken = self.call("take", (flat, places.ravel()), {})
            return self.call("reshape", (taken, places.shape), {})
        return self.call("take", (flat, places), {})

    def put(self, x: LibraryArray, index: Any, value: Any) -> LibraryArray:
        """A copy of `x` with `x[index] = value`; of what is assigned twice, the last stays."""
        numbers = _numbers(x.shape)
        places = numbers[_plain_index(index)]
        assigned = self.call("broadcast_to", (value, places.shape), {})
        if not places.size:
            return x
        writer, written = np.zeros(x.size, dtype=int), np.zeros(x.shape, dtype=bool)
        writer[places.ravel()] = np.arange(places.size)
        written.ravel()[places.ravel()] = True
        return self.call(
            "where", (written, self.gather(assigned, writer.reshape(x.shape)), x), {}
        )

    def _move(self, func: Answer, x: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
        """A function that only moves elements: NumPy moves their numbers, the library follows."""
        moved = func(_numbers(np.shape(x)), *args, **kwargs)
        if isinstance(moved, (list, tuple)):
            return [self.gather(x, each) for each in moved]  # pyright: ignore[reportUnknownVariableType]
        return self.gather(x, moved)


class LibraryArray:
    """An array of another library that answers as a NumPy array does."""

    __slots__ = ("library", "value")
    __hash__ = object.__hash__

    def __init__(self, value: Any, library: Library) -> None:
        self.value = value
        self.library = library

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.value.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.value.dtype.name)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    # NumPy's protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if "out" in kwargs or "where" in kwargs or method == "at":
            raise RefereeError(
                f"np.{ufunc.__name__} with out=, where= or .at can't be followed by the "
                f"{self.library.name} referee: use --referee finite"
            )
        name = ufunc.__name__
        match method:
            case "__call__":
                return self.library.call(name, inputs, {})
            case "reduce" | "accumulate" if (name, method) in _UFUNC_METHODS:
                axis, *rest = inputs[1:] or (kwargs.get("axis", 0),)
                options = {"keepdims": True} if kwargs.get("keepdims") else {}
                assert not rest
                return self.library.call(
                    _UFUNC_METHODS[name, method], (inputs[0],), {"axis": axis, **options}
                )
            case "outer":
                x, y = (self.library.lend(np.asarray(i) if np.isscalar(i) else i) for i in inputs)
                return self.library.call(name, (x[(..., *(None,) * y.ndim)], y), {})
            case _:
                return self.library.call(f"{name}.{method}", inputs, kwargs)

    def __array_function__(
        self, func: Any, types: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        module = func.__module__.removeprefix("numpy.lib.stride_tricks").removeprefix("numpy")
        return self.library.call(f"{module}.{func.__name__}".removeprefix("."), args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.library.plain(self.value), dtype)

    # What Python asks of a number.

    def __bool__(self) -> bool:
        return bool(self.library.plain(self.value))

    def __int__(self) -> int:
        return int(self.library.plain(self.value))

    def __index__(self) -> int:
        return self.library.plain(self.value).__index__()

    def __float__(self) -> float:
        return float(self.library.plain(self.value))

    def item(self) -> Any:
        return self.library.plain(self.value).item()

    def tolist(self) -> Any:
        return self.library.plain(self.value).tolist()

    # Items.

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> LibraryArray:
        return self.library.gather(self, np.asarray(_numbers(self.shape)[_plain_index(index)]))

    def __setitem__(self, index: Any, value: Any) -> None:
        self.value = self.library.put(self, index, value).value

    # Methods, each NumPy's function of the same name.

    def __getattr__(self, name: str) -> Any:
        if name in _SAME_AS_FUNCTION:
            return partial(self._function, name)
        raise AttributeError(
            f"the {self.library.name} referee knows no array method or attribute {name}: "
            "use --referee finite"
        )

    def _function(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return self.library.call(name, (self, *args), kwargs)

    @property
    def T(self) -> Any:
        return self._function("transpose")

    @property
    def mT(self) -> Any:
        return self._function("swapaxes", -1, -2)

    def reshape(self, *shape: Any, **_: Any) -> Any:
        return self._function("reshape", shape[0] if len(shape) == 1 else shape)

    def flatten(self) -> Any:
        return self._function("reshape", (-1,))

    def transpose(self, *axes: Any) -> Any:
        if len(axes) == 1 and not isinstance(axes[0], int):
            axes = axes[0] or ()
        return self._function("transpose", tuple(axes)) if axes else self.T

    def copy(self) -> Any:
        return LibraryArray(self.value, self.library)

    def astype(self, dtype: Any, **_: Any) -> Any:
        # Precision is chosen for a whole run; only a change of kind matters.
        if np.dtype(dtype).kind == self.dtype.kind:
            return self.copy()
        name = "float64" if np.dtype(dtype).kind == "f" else np.dtype(dtype).name
        return LibraryArray(self.value.astype(name), self.library)

    # Operators.

    def __neg__(self) -> Any:
        return self._function("negative")

    def __pos__(self) -> Any:
        return self._function("positive")

    def __abs__(self) -> Any:
        return self._function("absolute")

    def __invert__(self) -> Any:
        return self._function("invert")


def _operator(name: str, swapped: bool) -> Answer:
    def apply(self: LibraryArray, other: Any) -> Any:
        if other is None or isinstance(other, str):
            return NotImplemented
        return self.library.call(name, (other, self) if swapped else (self, other), {})

    return apply


for _symbol, _name in {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "power",
    "matmul": "matmul",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
}.items():
    setattr(LibraryArray, f"__{_symbol}__", _operator(_name, swapped=False))
    setattr(LibraryArray, f"__r{_symbol}__", _operator(_name, swapped=True))
for _symbol, _name in {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
}.items():
    setattr(LibraryArray, f"__{_symbol}__", _operator(_name, swapped=False))


_SAME_AS_FUNCTION = frozenset(
    "all any argmax argmin argsort clip cumprod cumsum diagonal dot max mean min nonzero prod ptp "
    "ravel repeat round searchsorted squeeze std sum swapaxes take trace var".split()
)

_UFUNC_METHODS = {
    ("add", "reduce"): "sum",
    ("multiply", "reduce"): "prod",
    ("maximum", "reduce"): "max",
    ("minimum", "reduce"): "min",
    ("logical_and", "reduce"): "all",
    ("logical_or", "reduce"): "any",
    ("add", "accumulate"): "cumsum",
    ("multiply", "accumulate"): "cumprod",
}

# Functions of one array that only move its elements: where a namespace lacks one, places do.
_MOVING: Mapping[str, Answer] = {
    func.__name__: func
    for func in (
        stride_tricks.sliding_window_view,
        np.array_split,
        np.delete,
        np.diagonal,
        np.fliplr,
        np.flipud,
        np.matrix_transpose,
        np.moveaxis,
        np.resize,
        np.rollaxis,
        np.rot90,
        np.unstack,
    )
    if hasattr(np, func.__name__) or func is stride_tricks.sliding_window_view
}


def _member(namespace: Any, name: str) -> Answer | None:
    for part in name.split("."):
        namespace = getattr(namespace, part, None)
    return namespace


def _dtype_by_name(key: str, value: Any) -> Any:
    return np.dtype(value).name if key == "dtype" and value is not None else value


def _numbers(shape: tuple[int, ...]) -> Array:
    return np.arange(np.prod(shape, dtype=int)).reshape(shape)


def _plain_index(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(_plain_index(i) for i in index)  # pyright: ignore[reportUnknownVariableType]
    return np.asarray(index) if isinstance(index, LibraryArray) else index
