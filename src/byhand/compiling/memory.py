"""Where each buffer lies in the one array there is of each type: planned before the first step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from byhand.compiling.buffer import Buffer
from byhand.compiling.dependences import accesses
from byhand.compiling.nests import Item, Nest
from byhand.compiling.statements import Shape, Window

_ALIGNED = 64  # bytes, the width of a vector register and of a cache line


@dataclass(frozen=True)
class Memory:
    """`places` has the first element of each buffer that has memory; `sizes` how many elements
    the array of each type has. `rows` are the buffers that are needed from one inner loop to the
    next only: they have memory for one row. What isn't in `places` lives in registers."""

    places: Mapping[int, int]
    sizes: Mapping[str, int]
    rows: Collection[int]


def planned(items: Sequence[Item], buffers: Sequence[Buffer], kept: Collection[int]) -> Memory:
    """A place for every buffer. Two may share one if they are never needed at the same time;
    `kept` are those that outlive a step, or are there before it."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for at, item in enumerate(items):
        for buffer in used(item):
            first.setdefault(buffer, at)
            last[buffer] = at
    for number in kept:
        first.setdefault(number, 0)
        last.setdefault(number, 0)
    wanted = {s: buffers[s].size for s in first}
    rows: set[int] = set()
    for at, item in enumerate(items):
        if isinstance(item, Nest):
            inner = {s for s in used(item) if first[s] == last[s] == at and s not in kept}
            for buffer in inner:
                size = _needed(item, buffer)
                if size is not None:
                    wanted[buffer] = size
                    rows.add(buffer)
    places: dict[int, int] = {}
    sizes: dict[str, int] = {}
    for number in sorted(wanted, key=lambda s: (s not in kept, first[s])):
        if not wanted[number]:
            continue
        kind = buffers[number].dtype.str
        always = number in kept
        busy = sorted(
            (places[other], wanted[other])
            for other in places
            if buffers[other].dtype.str == kind
            and (always or other in kept or first[number] <= last[other])
            and (always or other in kept or first[other] <= last[number])
        )
        unit = _ALIGNED // buffers[number].dtype.itemsize
        place = 0
        for start, size in busy:
            if place + wanted[number] <= start:
                break
            place = max(place, -(-(start + size) // unit) * unit)
        places[number] = place
        sizes[kind] = max(sizes.get(kind, 0), place + wanted[number])
    return Memory(places, sizes, frozenset(rows))


def used(item: Item) -> set[int]:
    """The buffers that an item reads or writes."""
    statements = [loop for loop, _, _ in item.members] if isinstance(item, Nest) else [item]
    return {view.buffer for each in statements for view, _ in accesses(each)}


def _needed(nest: Nest, buffer: int) -> int | None:
    """How many elements a buffer needs that only `nest` uses; None where it needs all it has."""
    found: set[tuple[Shape, int]] = set()
    phases: set[int] = set()
    for loop, phase, beside in nest.members:
        for view, written in accesses(loop):
            if view.buffer != buffer:
                continue
            if view.picks or (
                written and loop.combine != "set" and not _is_scalar(nest, view, beside)
            ):
                return None
            strides = (*view.strides, 0) if beside else view.strides
            if not all(s for s in strides[:-1]):
                return None
            found.add((strides, view.offset))
            phases.add(phase)
    if len(found) > 1:
        return None
    ((strides, _),) = found
    if not strides or not strides[-1]:
        return 0
    return 0 if len(phases) == 1 else nest.shape[-1]


def _is_scalar(nest: Nest, view: Window, beside: bool) -> bool:
    return not beside and not view.strides[-1]
