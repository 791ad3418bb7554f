"""Statements that nothing else in their nest needs move to the nest that needs them first.

`1 - h**2` stands where tanh gives h, but is needed much later. Computed there, from h, it is never
stored; and what takes one array takes no more to read than its result would.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from byhand.compiling.dependences import accesses
from byhand.compiling.nests import Item, Nest
from byhand.compiling.statements import Loop, Window


def sunk(items: list[Item], kept: Collection[int]) -> list[Item]:
    """The items, with such statements moved. Those that fill a buffer of `kept` stay."""
    uses = _uses(items)
    for at, item in reversed(list(enumerate(items))):
        if not isinstance(item, Nest):
            continue
        for loop, _, beside in reversed(item.members):
            if beside or loop.target.buffer in kept or not _takes_one_array(loop):
                continue
            if _moved(items, uses, at, loop):
                uses = _uses(items)
    return [item for item in items if not isinstance(item, Nest) or item.members]


@dataclass
class _Uses:
    """The items that write a buffer, and those that read it."""

    writes: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    reads: dict[int, list[int]] = field(default_factory=dict[int, list[int]])


def _uses(items: list[Item]) -> _Uses:
    found = _Uses()
    for at, item in enumerate(items):
        members = [loop for loop, _, _ in item.members] if isinstance(item, Nest) else [item]
        for statement in members:
            for view, written in accesses(statement):
                uses = found.writes if written else found.reads
                uses.setdefault(view.buffer, []).append(at)
    return found


def _takes_one_array(loop: Loop) -> bool:
    """Whether a loop fills its target from one array, and perhaps numbers or what is broadcast."""
    sources = [source for source in loop.sources if isinstance(source, Window)]
    plain = not any(view.picks for view in (loop.target, *sources))
    moving = {source for source in sources if source.strides and source.strides[-1]}
    return loop.combine == "set" and plain and all(loop.target.strides) and len(moving) <= 1


def _moved(items: list[Item], uses: _Uses, at: int, loop: Loop) -> bool:
    """Moves a loop of the item `at` to the first that reads its target, if it can stand there."""
    buffer = loop.target.buffer
    first = min(uses.reads.get(buffer, ()), default=at)
    nest, home = items[first], items[at]
    if first <= at or uses.writes[buffer] != [at]:
        return False
    if not isinstance(nest, Nest) or not isinstance(home, Nest):
        return False
    for source in loop.sources:
        writes = uses.writes.get(source.buffer, ()) if isinstance(source, Window) else ()
        if not (len(writes) == 1 and writes[0] <= at) and any(w <= first for w in writes):
            return False  # it is changed before
    for place, (reader, phase, beside) in enumerate(nest.members):
        views = [view for view in reader.reads if view.buffer == buffer]
        if not views:
            continue
        if beside or reader.shape != loop.shape or any(w != loop.target for w in views):
            return False
        members = [*nest.members[:place], (loop, phase, False), *nest.members[place:]]
        items[first] = Nest(nest.shape, members)
        items[at] = Nest(home.shape, [each for each in home.members if each[0] is not loop])
        return True
    return False
