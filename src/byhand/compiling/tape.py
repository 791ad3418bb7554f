"""The tape: what NumPy was asked to do while a step ran on traced arrays, as statements.

The step runs once, on real values. Each array knows the buffer its values lie in, so a view is a
view here too, and what changes an array in place changes its buffer. What can't be followed
(a decision that depends on a value, a conversion to a Python number) raises UnsupportedError.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from byhand.compiling.buffer import Buffer
from byhand.compiling.statements import (
    COPY,
    ArrayArgument,
    Loop,
    MatrixProduct,
    NumpyCall,
    Source,
    Statement,
    Window,
)
from byhand.errors import UnsupportedError
from byhand.values.array_protocol import MutableArray
from byhand.values.arrays import Array

CONSTANT = "a constant"  # the name of what no input has

_OWN = (str(Path(__file__).parent), str(Path(np.__file__).parent))


@dataclass(frozen=True)
class Handlers:
    """What NumPy's protocols, methods and items do where arrays are traced.

    `ufunc(tape, ufunc, method, inputs, options)`, `function(tape, function, args, options)`,
    `method(array, name)`, `get(tape, array, index)`, `put(tape, array, index, value)`.
    """

    ufunc: Callable[..., Any]
    function: Callable[..., Any]
    method: Callable[..., Any]
    get: Callable[..., Any]
    put: Callable[..., Any]


class Traced(MutableArray):
    """An array whose operations are written on a tape. `value` is a view on `buffer.base`."""

    __slots__ = ("buffer", "tape", "value")

    def __init__(self, tape: Tape, buffer: Buffer, value: Array) -> None:
        self.tape = tape
        self.buffer = buffer
        self.value = value

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return self.tape.handlers.ufunc(self.tape, ufunc, method, inputs, kwargs)

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Any:
        return self.tape.handlers.function(self.tape, func, args, kwargs)

    def flatten(self, order: str = "C") -> Any:
        return np.copy(self).reshape(-1)  # pyright: ignore[reportArgumentType, reportCallIssue]

    def in_place(self, ufunc: np.ufunc, other: Any) -> Any:
        return self.__array_ufunc__(ufunc, "__call__", self, other, out=(self,))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return np.asarray(self._constant("NumPy asks for its values"), dtype)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.tape.handlers.method(self, name)

    def __getitem__(self, index: Any) -> Any:
        return self.tape.handlers.get(self.tape, self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.tape.handlers.put(self.tape, self, index, value)

    def __bool__(self) -> bool:
        return bool(self._constant("a decision depends on its values"))

    def __int__(self) -> int:
        return int(self._constant("int(...) asks for its value"))

    def __index__(self) -> int:
        return int(self._constant("Python asks for its value"))

    def __float__(self) -> float:
        return float(self._constant("float(...) asks for its value"))

    def _constant(self, what: str) -> Array:
        if not self.buffer.constant:
            raise UnsupportedError(f"{what}, which are only known when it runs")
        return self.value


class Tape:
    """The statements so far, and the buffers they are about."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers
        self.buffers: list[Buffer] = []
        self.statements: list[Statement] = []
        self.shown: dict[int, Buffer] = {}

    # Arrays.

    def buffer(self, base: Array, *, constant: bool, name: str | None = None) -> Buffer:
        found = Buffer(len(self.buffers), base, constant, name)
        self.buffers.append(found)
        return found

    def input(self, name: str, value: Array) -> Traced:
        """An array that a step is given: a copy of `value` stands for it."""
        base = np.array(value, order="C")
        return Traced(self, self.buffer(base, constant=False, name=name), base)

    def constant(self, value: Any) -> Traced:
        """An array that is the same in every step."""
        base = np.array(value, order="C")
        return Traced(self, self.buffer(base, constant=True), base)

    def fresh(self, result: Any) -> Traced:
        """A new array for a result that NumPy has just computed; its statement is to follow."""
        base = np.asarray(result)
        if base.base is not None or not _dense(base):
            base = np.array(base, order="C")
        return Traced(self, self.buffer(base, constant=False), base)

    def alias(self, of: Traced, value: Array) -> Traced:
        """Another array in the same memory: `value` is a view on that of `of`."""
        return Traced(self, of.buffer, value)

    # Views.

    def view(self, array: Traced, shape: tuple[int, ...]) -> Window:
        """Where `array`, broadcast to `shape`, is read. A constant is read as it is now."""
        buffer, value = array.buffer, array.value
        wide = np.broadcast_to(value, shape)
        if buffer.constant:
            value = np.array(value, order="C")
            buffer, wide = self._snapshot(array.buffer, value), np.broadcast_to(value, shape)
            return Buffer(buffer.number, value, True).view(wide)
        return buffer.view(wide)

    def source(self, array: Any, shape: tuple[int, ...]) -> Source:
        """`array`, a traced one, a plain one or a number, as the source of a loop over `shape`."""
        if isinstance(array, Traced):
            value = array.value
            if array.buffer.constant and value.size and (value == value.flat[0]).all():
                return value.flat[0].item()
            return self.view(array, shape)
        if type(array) in (bool, int, float):  # np.float64 is a float too, of a type that counts
            return array
        return self.source(self.constant(array), shape)

    def target(self, array: Traced) -> Window:
        """Where `array` is written to. What was constant in it is so no longer."""
        self.write(array)
        return array.buffer.view(array.value)

    def write(self, array: Traced) -> None:
        buffer = array.buffer
        if buffer.constant:
            held = self.source(Traced(self, buffer, buffer.base), buffer.base.shape)
            buffer.constant = False
            whole = buffer.view(buffer.base)
            kind = buffer.dtype.str
            self.add(Loop(buffer.base.shape, whole, COPY, (held,), (kind,), kind))

    def add(self, statement: Statement) -> None:
        self.statements.append(statement)

    # Statements.

    def loop(
        self,
        op: str,
        result: Any,
        sources: Sequence[Any],
        types: Sequence[Any],
        kind: Any = None,
    ) -> Traced:
        """The new array `result`, which NumPy has computed, as an elementwise op on `sources`."""
        out = self.fresh(result)
        self.fill(out, op, sources, types, kind)
        return out

    def fill(
        self, out: Traced, op: str, sources: Sequence[Any], types: Sequence[Any], kind: Any = None
    ) -> None:
        """`out` is set to an elementwise op on `sources`."""
        shape = out.value.shape
        views = tuple(self.source(source, shape) for source in sources)
        kind = np.dtype(out.dtype if kind is None else kind).str
        casts = tuple(np.dtype(each).str for each in types)
        self.add(Loop(shape, self.target(out), op, views, casts, kind, line=line()))

    def copy(self, array: Traced) -> Traced:
        """`array` in memory of its own."""
        return self.loop(COPY, np.array(array.value), [array], [array.dtype])

    def product(self, result: Array, left: Traced, right: Traced) -> Traced:
        """`left @ right`, both with at least two axes."""
        out = self.fresh(result)
        batch, (m, n), k = out.shape[:-2], out.shape[-2:], left.shape[-1]
        self.add(
            MatrixProduct(
                batch,
                (m, n, k),
                self.target(out),
                self.view(left, (*batch, m, k)),
                self.view(right, (*batch, k, n)),
                line(),
            )
        )
        return out

    def call(self, name: str, func: Callable[..., Any], args: Any, kwargs: Any, result: Any) -> Any:
        """What NumPy is to do itself. `result` is what it gave."""
        held: list[ArrayArgument] = []

        def replace(each: Any) -> Any:
            if isinstance(each, Traced):
                held.append(ArrayArgument(self.view(each, each.shape), each.shape))
                return held[-1]
            if isinstance(each, (list, tuple)):
                return type(each)(map(replace, each))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            return each

        arguments = replace(tuple(args))
        keywords = {key: replace(each) for key, each in kwargs.items()}
        several = isinstance(result, (tuple, list))
        results: list[Any] = list(result) if several else [result]  # pyright: ignore[reportUnknownArgumentType]
        outs = [self.fresh(each) for each in results]
        targets = tuple(ArrayArgument(self.target(out), out.shape) for out in outs)
        self.add(NumpyCall(func, arguments, keywords, targets, tuple(held), name, line()))
        return outs if several else outs[0]

    def _snapshot(self, buffer: Buffer, value: Array) -> Buffer:
        """The buffer of a constant as it is read: each value is kept once."""
        for known in self.buffers:
            base = known.base
            alike = base.dtype == value.dtype and base.shape == value.shape
            if known.name == CONSTANT and alike and np.array_equal(base, value):
                return known
        return self.buffer(value, constant=False, name=CONSTANT)


def values(arguments: Any) -> Any:
    """`arguments` with the values of all traced arrays, in lists and tuples too."""
    if isinstance(arguments, Traced):
        return arguments.value
    if isinstance(arguments, (list, tuple)):
        return type(arguments)(map(values, arguments))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return arguments


def traced(arguments: Any) -> list[Traced]:
    """All traced arrays in `arguments`."""
    if isinstance(arguments, Traced):
        return [arguments]
    if isinstance(arguments, (list, tuple)):
        return [each for part in arguments for each in traced(part)]  # pyright: ignore[reportUnknownVariableType]
    return []


def line() -> int | None:
    """The line of the user's code that is running."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_OWN):
            return frame.f_lineno
        frame = frame.f_back
    return None


def _dense(array: Array) -> bool:
    """Whether an array fills its memory without a gap, in whatever order of axes."""
    order = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
    return array.transpose(order).flags.c_contiguous
