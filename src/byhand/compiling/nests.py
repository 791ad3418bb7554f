"""Fusion: statements that run over the same points become one nest of loops.

A nest has outer axes and one inner axis. A statement of it stands in the inner loop, or beside it,
once for every point of the outer axes (as the scalar that a sum along a row leaves). A row's sum is
known when its inner loop has ended, so what needs it stands in a later *phase*: a further inner
loop for the same outer point. What needs the sum of a column waits for the end of the nest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeAlias

from byhand.compiling.dependences import Awaited, accesses, meet
from byhand.compiling.statements import (
    Loop,
    MatrixProduct,
    NumpyCall,
    Shape,
    Source,
    Statement,
    Transposition,
    Window,
)

_MOST = 60  # statements of one nest: more would fight for the registers
_WIDE = 64  # elements: a shorter row is over before sums of columns or a second inner loop pay off


@dataclass
class Nest:
    """A nest under construction: loops over `shape`, whose last axis is the inner one.

    `members` are its statements with their phase; `outer`, whether one stands beside the inner
    loop. All views have the axes of `shape`; beside the inner loop, all but the last.
    """

    shape: Shape
    members: list[tuple[Loop, int, bool]] = field(default_factory=list["tuple[Loop, int, bool]"])

    @property
    def pinned(self) -> bool:
        """Whether the inner axis is settled: something is summed along it or stands beside it."""
        return any(outer or is_row_sum(loop) for loop, _, outer in self.members)

    @property
    def phases(self) -> int:
        return 1 + max(phase for _, phase, _ in self.members)


Item: TypeAlias = Nest | MatrixProduct | Transposition | NumpyCall


def fused(statements: list[Statement]) -> list[Item]:
    """The statements as nests, products and calls, in an order that gives the same results."""
    rest = [canonical(s) if isinstance(s, Loop) else s for s in statements]
    items: list[Item] = []
    while rest:
        head, *rest = rest
        if not isinstance(head, Loop):
            items.append(head)
            continue
        nest = Nest(head.shape, [(head, 0 if head.shape else -1, not head.shape)])
        left: list[Statement] = []
        waiting = Awaited()
        for statement in rest:
            grown = None
            if isinstance(statement, Loop) and len(nest.members) < _MOST:
                fits = _common(nest, statement) is not None
                grown = _joined(nest, statement) if fits and not waiting.block(statement) else None
            if grown is None:
                left.append(statement)
                waiting.add(statement)
            else:
                nest = grown
        rest = left
        items.append(nest)
    return items


def canonical(loop: Loop) -> Loop:
    """The loop with as few axes as can be: none of size 1, neighbours merged where all views step
    evenly over both."""
    shape: Shape = loop.shape
    views: list[Window] = _views(loop)
    keep = tuple(axis for axis, size in enumerate(shape) if size != 1)
    shape = tuple(shape[axis] for axis in keep)
    views = [view.keeping(keep) for view in views]
    axis = 0
    while axis + 1 < len(shape):
        if all(_even(part, axis, shape) for view in views for part in view.parts()):
            axes = tuple(i for i in range(len(shape)) if i != axis)
            views = [view.keeping(axes) for view in views]
            shape = (*shape[:axis], shape[axis] * shape[axis + 1], *shape[axis + 2 :])
        else:
            axis += 1
    merged = _with_views(loop, shape, views)
    if loop.start is not None and all(merged.target.strides) and not merged.target.picks:
        return replace(merged, combine="set", start=None)  # each group has one member
    return merged


def _even(view: Window, axis: int, shape: Shape) -> bool:
    return view.strides[axis] == view.strides[axis + 1] * shape[axis + 1]


def is_row_sum(loop: Loop) -> bool:
    """Whether a loop's target stands still along its last axis."""
    return loop.combine != "set" and bool(loop.shape) and not _moves(loop.target, -1)


def is_column_sum(loop: Loop) -> bool:
    """Whether a loop adds row after row to its target."""
    return loop.combine != "set" and bool(loop.shape) and _moves(loop.target, -1)


def _moves(view: Window, axis: int) -> bool:
    return any(part.strides[axis] for part in view.parts())


def _joined(nest: Nest, loop: Loop) -> Nest | None:
    """`nest` with `loop` in it, or None where that can't be."""
    shape = _common(nest, loop)
    if shape is None:
        return None
    outer = math.prod(loop.shape) < math.prod(shape) or not shape
    narrow = len(shape) > 1 and shape[-1] < _WIDE
    if narrow and is_column_sum(loop):
        return None
    own = _split(loop, shape[:-1] if outer else shape)
    members = [
        (_split(other, shape[:-1] if beside else shape), phase, beside)
        for other, phase, beside in nest.members
    ]
    phase = -1 if outer else 0
    for other, before, beside in members:
        least = _phase_after(other, before, beside, own, outer)
        if least is None:
            return None
        phase = max(phase, least)
    if narrow and phase > 0:
        return None
    return Nest(shape, [*members, (own, phase, outer)])


def _common(nest: Nest, loop: Loop) -> Shape | None:
    """The shape of `nest` once `loop` is in it, in its inner loop or beside it."""
    if math.prod(loop.shape) == math.prod(nest.shape):
        shape = _refined(nest.shape, loop.shape)
        settled = shape is not None and nest.pinned and shape[-1:] != nest.shape[-1:]
        return None if settled else shape
    if math.prod(loop.shape) == math.prod(nest.shape[:-1]):
        head = _refined(nest.shape[:-1], loop.shape)
        return None if head is None else (*head, *nest.shape[-1:])
    return None


def _refined(one: Shape, other: Shape) -> Shape | None:
    """The coarsest shape of which both are mergers of neighbouring axes."""
    cuts = sorted({*_cuts(one), *_cuts(other)})
    sizes: list[int] = []
    for low, high in pairwise(cuts):
        if high % low:
            return None
        sizes.append(high // low)
    return tuple(reversed(sizes))


def _cuts(shape: Shape) -> list[int]:
    return [math.prod(shape[axis:]) for axis in range(len(shape) + 1)]


def _split(loop: Loop, shape: Shape) -> Loop:
    """The loop over `shape`, of which its own is a merger of neighbouring axes."""
    views: list[Window] = _views(loop)
    axis = 0
    own = list(loop.shape)
    while axis < len(own):
        sizes: list[int] = []
        while math.prod(sizes) < own[axis]:
            sizes.append(shape[axis + len(sizes)])
        views = [view.split(axis, tuple(sizes)) for view in views]
        own[axis : axis + 1] = sizes
        axis += len(sizes)
    return _with_views(loop, shape, views)


def _views(loop: Loop) -> list[Window]:
    return [loop.target, *(s for s in loop.sources if isinstance(s, Window))]


def _with_views(loop: Loop, shape: Shape, views: list[Window]) -> Loop:
    target, *others = views
    rest = iter(others)
    sources: list[Source] = [next(rest) if isinstance(s, Window) else s for s in loop.sources]
    return replace(loop, shape=shape, target=target, sources=tuple(sources))


def _phase_after(first: Loop, phase: int, beside: bool, second: Loop, outer: bool) -> int | None:
    """The least phase in which `second` may follow `first`, which stands in `phase`; None where it
    can't follow in the same nest."""
    least = -1
    for one, written in accesses(first):
        for other, writing in accesses(second):
            if one.buffer != other.buffer or not (written or writing):
                continue
            if not meet(one, first.shape, other, second.shape):
                continue
            allowed = _allowed(first, one, written, beside, second, other, writing, outer)
            if allowed is None:
                return None
            least = max(least, phase + allowed)
    return least


def _allowed(
    first: Loop, one: Window, written: bool, beside: bool,
    second: Loop, other: Window, writing: bool, outer: bool,
) -> int | None:  # fmt: skip
    """How many phases later `second` must be because of these two views on one buffer."""
    if one.picks or other.picks:
        return None
    summed = written and first.combine != "set"
    row_sum = summed and not beside and is_row_sum(first)
    # A view as it is beside the inner loop: row sums, and rows read again and again, stand still.
    mine = one.strides if beside else one.strides[:-1]
    theirs = other.strides if outer else other.strides[:-1]
    if one.offset != other.offset or mine != theirs:
        return None
    size = first.shape if beside else first.shape[:-1]
    if not all(s for s, n in zip(mine, size, strict=True) if n > 1):
        return None  # one place for several outer points: done only when the nest is
    if summed and not row_sum:
        return None
    adds = second.start is None or is_row_sum(second)
    if writing and second.combine != "set" and (outer or not adds):
        return None
    still = beside or not one.strides[-1]
    goes = outer or not other.strides[-1]
    if still != goes:
        return None
    if not still:
        return 0 if one.strides == other.strides else None
    if beside or row_sum:
        return 0 if outer else 1
    # The first only reads the place, in its inner loop.
    return 0 if outer or not writing else None
