"""The source of a compiled step: plain Python with one function for each nest, for Numba."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from byhand.compiling.buffer import Buffer
from byhand.compiling.functions import expression
from byhand.compiling.memory import Memory
from byhand.compiling.nests import Nest, is_row_sum
from byhand.compiling.statements import COMBINED, Loop, Number, Source, Window

ARENAS = {"<f4": "F", "<f8": "D", "<i8": "I", "|b1": "B"}
"""The array that holds all buffers of a type."""

_LANES = 16  # numbers that a wide register holds: a short last one is masked, not done one by one

_CASTS = {"<f4": "f4", "<f8": "f8", "<i8": "i8", "|b1": "bool"}


@dataclass
class _Writer:
    """The lines of one nest so far, and which variables hold what."""

    nest: Nest
    memory: Memory
    buffers: Sequence[Buffer]
    prefix: str
    lines: list[str] = field(default_factory=list[str])
    depth: int = 0
    count: int = 0
    known: dict[Window, str] = field(default_factory=dict[Window, str])
    scopes: list[dict[Window, str]] = field(default_factory=list[dict[Window, str]])

    def put(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    def variable(self) -> str:
        self.count += 1
        return f"{self.prefix}{self.count}"

    # Views.

    def kind(self, view: Window) -> str:
        return self.buffers[view.buffer].dtype.str

    def in_memory(self, view: Window) -> bool:
        return view.buffer in self.memory.places

    def address(self, view: Window) -> str:
        """The place of the element that a view shows at this point of the nest."""
        base = self.memory.places[view.buffer]
        strides = view.strides
        if view.buffer in self.memory.rows:
            strides = (*(0 for _ in strides[:-1]), 1)
        else:
            base += view.offset
        terms = [
            f"i{axis}" if stride == 1 else f"i{axis} * {stride}"
            for axis, stride in enumerate(strides)
            if stride
        ]
        for pick in view.picks:
            at = self.loaded(pick.view)
            place = f"within({at}, {pick.length})"
            terms.append(place if pick.stride == 1 else f"{place} * {pick.stride}")
        terms += [str(base)] if base or not terms else []
        return f"{ARENAS[self.kind(view)]}[{' + '.join(terms)}]"

    def loaded(self, view: Window) -> str:
        """A variable with the element that a view shows."""
        key = self.key(view)
        for scope in (self.known, *reversed(self.scopes)):
            if key in scope:
                return scope[key]
        address = self.address(view)
        name = self.variable()
        self.put(f"{name} = {address}")
        self.known[key] = name
        return name

    def key(self, view: Window) -> Window:
        """A view as it is beside the inner loop, if that is where it can be read."""
        inner = len(view.strides) == len(self.nest.shape) > 0
        if inner and not any(part.strides[-1] for part in view.parts()):
            return view.keeping(tuple(range(len(view.strides) - 1)))
        return view

    def hold(self, view: Window, name: str) -> None:
        """`name` is now what a view shows; other views on its buffer may have changed."""
        for scope in (self.known, *self.scopes):
            for other in [w for w in scope if w.buffer == view.buffer]:
                del scope[other]
        if name and not view.picks:
            self.known[self.key(view)] = name

    # Values.

    def source(self, source: Source, kind: str) -> str:
        if not isinstance(source, Window):
            return literal(source, kind)
        return cast(self.loaded(source), self.kind(source), kind)

    def value(self, loop: Loop) -> str:
        sources = [self.source(s, t) for s, t in zip(loop.sources, loop.types, strict=True)]
        exponent = loop.sources[-1]
        number = None if isinstance(exponent, Window) else exponent
        made = expression(loop.op, sources, loop.types[-1], number)
        return cast(made, loop.result, self.kind(loop.target))

    def statement(self, loop: Loop) -> None:
        """A statement that sets its target, or adds to what is in memory there."""
        value = self.value(loop)
        kind = self.kind(loop.target)
        if loop.combine == "set":
            name = self.variable()
            self.put(f"{name} = {value}")
            if self.in_memory(loop.target):
                self.put(f"{self.address(loop.target)} = {name}")
            self.hold(loop.target, name)
        else:
            address = self.address(loop.target)
            self.put(f"{address} = {cast(combined(loop.combine, address, value), kind, kind)}")
            self.hold(loop.target, "")


def nest_lines(number: int, nest: Nest, memory: Memory, buffers: Sequence[Buffer]) -> list[str]:
    """The lines that run a nest. `number` is part of its variables' names: they have one type."""
    w = _Writer(nest, memory, buffers, f"v{number}_")
    _starts(w)
    for axis, size in enumerate(nest.shape[:-1]):
        w.put(f"for i{axis} in range({size}):")
        w.depth += 1
    w.known = {}
    for phase in range(-1, max(phase for _, phase, _ in nest.members) + 1):
        inner = [loop for loop, p, beside in nest.members if p == phase and not beside]
        if inner:
            _inner_loop(w, inner)
        for loop, p, beside in nest.members:
            if p == phase and beside:
                w.statement(loop)
    return w.lines


def _starts(w: _Writer) -> None:
    """What is summed up over outer axes starts in memory, before the nest."""
    for loop, _, beside in w.nest.members:
        if loop.start is None or _in_register(w.nest, loop, beside):
            continue
        strides = loop.target.strides
        axes = [axis for axis, stride in enumerate(strides) if stride]
        depth = w.depth
        for axis in axes:
            w.put(f"for i{axis} in range({w.nest.shape[axis]}):")
            w.depth += 1
        w.put(f"{w.address(loop.target)} = {literal(loop.start, w.kind(loop.target))}")
        w.depth = depth


def _in_register(nest: Nest, loop: Loop, beside: bool) -> bool:
    """Whether a sum is over when the inner loop is: nothing of it comes from other rows."""
    return (
        not beside and is_row_sum(loop) and all(loop.target.strides[:-1]) and not loop.target.picks
    )


def _inner_loop(w: _Writer, loops: list[Loop]) -> None:
    axis = len(w.nest.shape) - 1
    for view in dict.fromkeys(_still_reads(w, loops)):
        w.loaded(view)
    sums: dict[int, str] = {}
    for i, loop in enumerate(loops):
        if loop.combine != "set" and is_row_sum(loop) and not loop.target.picks:
            sums[i] = w.variable()
            kind = w.kind(loop.target)
            if loop.start is None:
                w.put(f"{sums[i]} = {literal(COMBINED[loop.combine][1], kind)}")
            else:
                w.put(f"{sums[i]} = {literal(loop.start, kind)}")
    size = w.nest.shape[-1]
    whole = -(-size // _LANES) * _LANES
    masked = size > _LANES // 2 and size % _LANES not in (0, _LANES // 2) and whole < 2 * size
    w.put(f"for i{axis} in range({whole if masked else size}):")
    w.scopes.append(w.known)
    w.known = {}
    w.depth += 1 + masked
    if masked:  # the last register is filled up with lanes that do nothing
        w.lines.append("    " * (w.depth - 1) + f"if i{axis} < {size}:")
    for i, loop in enumerate(loops):
        if i not in sums:
            w.statement(loop)
        else:
            w.put(f"{sums[i]} = {combined(loop.combine, sums[i], w.value(loop))}")
    w.depth -= 1 + masked
    w.known = w.scopes.pop()
    for i, name in sums.items():
        loop = loops[i]
        if not _in_register(w.nest, loop, False) or loop.start is None:
            address = w.address(loop.target)
            w.put(f"{address} = {combined(loop.combine, address, name)}")
            continue
        if w.in_memory(loop.target):
            w.put(f"{w.address(loop.target)} = {name}")
        w.hold(loop.target, name)


def _still_reads(w: _Writer, loops: list[Loop]) -> list[Window]:
    """What an inner loop reads again and again: it is read once, before."""
    found: list[Window] = []
    for loop in loops:
        for view in loop.reads:
            still = not any(part.strides[-1] for part in view.parts()) and view != loop.target
            if still and (w.key(view) in w.known or w.in_memory(view)):
                found.append(view)
    return found


def combined(combine: str, held: str, value: str) -> str:
    return COMBINED[combine][0].format(held, value)


def literal(number: Number, kind: str) -> str:
    if kind == "|b1":
        return str(bool(number))
    text = (
        "inf"
        if number == math.inf
        else "-inf"
        if number == -math.inf
        else "nan"
        if number != number
        else repr(number)
    )
    if kind == "<i8":
        return f"i8({int(number)})"
    return f"{_CASTS[kind]}({text})"


def cast(value: str, kind: str, wanted: str) -> str:
    """An expression of one type as one of another."""
    if kind == wanted:
        return value
    if wanted == "|b1":
        return f"({value} != 0)"
    if kind == "|b1":
        return f"({_CASTS[wanted]}(1) if {value} else {_CASTS[wanted]}(0))"
    return f"{_CASTS[wanted]}({value})"
