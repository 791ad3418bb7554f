"""What a traced step is made of: a flat list of statements over strided views of memory.

A `Loop` is one sentence, *for every point of `shape`: target = op(sources)*, and covers what is
elementwise, reductions (a target that stands still along an axis), look-ups and scatters (views
with picks) alike. A `MatrixProduct` is a batch of matrix products. A `NumpyCall` is anything else:
NumPy itself does it, between two regions of compiled code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

Shape: TypeAlias = tuple[int, ...]
Number: TypeAlias = bool | int | float

COMBINED: Mapping[str, tuple[str, Number]] = {
    "add": ("({0} + {1})", 0),
    "multiply": ("({0} * {1})", 1),
    "maximum": ("highest({0}, {1})", -math.inf),
    "minimum": ("lowest({0}, {1})", math.inf),
}
"""How a loop takes along what is in its target: the expression, and what changes nothing."""

COPY = "positive"
"""The op of a loop that copies."""


@dataclass(frozen=True)
class Pick:
    """An index array: it moves a view by `stride` elements for each unit of its value.

    A value counts from the end where it is negative, and must stay below `length`.
    """

    view: Window
    stride: int
    length: int


@dataclass(frozen=True)
class Window:
    """Where a statement reads or writes: a buffer, from `offset` on, one stride for each axis of
    the statement's shape (in elements)."""

    buffer: int
    offset: int
    strides: tuple[int, ...]
    picks: tuple[Pick, ...] = ()

    def split(self, axis: int, sizes: Shape) -> Window:
        """The same view where an axis of the statement is written as several of `sizes`."""
        inner = [self.strides[axis] * math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
        strides = (*self.strides[:axis], *inner, *self.strides[axis + 1 :])
        picks = tuple(replace(p, view=p.view.split(axis, sizes)) for p in self.picks)
        return replace(self, strides=strides, picks=picks)

    def keeping(self, axes: tuple[int, ...]) -> Window:
        """The same view with only these axes of the statement."""
        strides = tuple(self.strides[axis] for axis in axes)
        picks = tuple(replace(p, view=p.view.keeping(axes)) for p in self.picks)
        return replace(self, strides=strides, picks=picks)

    def parts(self) -> Iterator[Window]:
        """This view and those of its index arrays."""
        yield self
        for pick in self.picks:
            yield from pick.view.parts()

    def span(self, shape: Shape) -> tuple[int, int]:
        """The first and the last element that may be touched; picks may touch any."""
        low = high = self.offset
        for size, stride in zip(shape, self.strides, strict=True):
            low, high = low + min(0, stride * (size - 1)), high + max(0, stride * (size - 1))
        for pick in self.picks:
            reach = pick.stride * (pick.length - 1)
            low, high = low + min(0, reach), high + max(0, reach)
        return low, high


Source: TypeAlias = Window | Number


@dataclass(frozen=True)
class Loop:
    """For every point of `shape`, `target` is set to `op(sources)`, or combined with it.

    `combine` is "set" or one of COMBINED, which take along what is in the target; `start` is then
    what is put there before, or None where it is to add to what is there already. `types` are the
    NumPy types that the sources are cast to; `result` is the type that the op gives.
    """

    shape: Shape
    target: Window
    op: str
    sources: tuple[Source, ...]
    types: tuple[str, ...]
    result: str
    combine: str = "set"
    start: Number | None = None
    line: int | None = None

    @property
    def writes(self) -> tuple[Window, ...]:
        return (self.target,)

    @property
    def reads(self) -> tuple[Window, ...]:
        views = [part for s in self.sources if isinstance(s, Window) for part in s.parts()]
        views += [part for pick in self.target.picks for part in pick.view.parts()]
        if self.combine != "set" and self.start is None:
            views.append(self.target)
        return tuple(views)


@dataclass(frozen=True)
class MatrixProduct:
    """Matrix products: `target[..., i, j] = sum over k of left[..., i, k] * right[..., k, j]`.

    The views have the axes of the batch, then their own two.
    """

    batch: Shape
    sizes: tuple[int, int, int]
    target: Window
    left: Window
    right: Window
    line: int | None = None

    @property
    def writes(self) -> tuple[Window, ...]:
        return (self.target,)

    @property
    def reads(self) -> tuple[Window, ...]:
        return (self.left, self.right)


@dataclass(frozen=True)
class Transposition:
    """Matrices written the other way round: `target[..., j, i] = source[..., i, j]`, of one type.

    `sizes` are rows and columns of the source. The views have the axes of the batch, then rows
    and columns of their own, along which both are contiguous.
    """

    batch: Shape
    sizes: tuple[int, int]
    target: Window
    source: Window
    line: int | None = None

    @property
    def writes(self) -> tuple[Window, ...]:
        return (self.target,)

    @property
    def reads(self) -> tuple[Window, ...]:
        return (self.source,)


@dataclass(frozen=True)
class NumpyCall:
    """What NumPy is left to do: `function` on arguments in which a `Held` stands for an array."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    targets: tuple[ArrayArgument, ...]
    held: tuple[ArrayArgument, ...]
    name: str
    line: int | None = None

    @property
    def writes(self) -> tuple[Window, ...]:
        return tuple(target.view for target in self.targets)

    @property
    def reads(self) -> tuple[Window, ...]:
        return tuple(held.view for held in self.held)


@dataclass(frozen=True)
class ArrayArgument:
    """An array in the arguments of a call: a view over the whole of its shape."""

    view: Window
    shape: Shape


Statement: TypeAlias = Loop | MatrixProduct | Transposition | NumpyCall


def shape_of(statement: Statement, view: Window) -> Shape:
    """The shape that goes with the strides of one of a statement's views."""
    match statement:
        case Loop():
            return statement.shape
        case MatrixProduct(batch, (m, n, k)):
            own = {id(statement.target): (m, n), id(statement.left): (m, k)}
            return (*batch, *own.get(id(view), (k, n)))
        case Transposition(batch, (rows, columns)):
            flipped = view is statement.target
            return (*batch, columns, rows) if flipped else (*batch, rows, columns)
        case NumpyCall():
            held = (*statement.targets, *statement.held)
            return next(each.shape for each in held if each.view is view)
