"""Forward's choices between values: which go one way for all elements, and which only guard.

A clip, a maximum, a `where` that goes one way on every draw hides what backward makes of the other
side: so a draw is looked for on which it goes that way. But `np.clip(p, 1e-7, 1 - 1e-7)` before a
logarithm, `np.clip(z, -500, 500)` before a sigmoid and `np.where(z > 30, z, np.log1p(np.exp(z)))`
are there for the sake of numbers alone. Whoever writes `dz = p - y` leaves such a guard out on
purpose, and nothing is judged where it works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.engine.tensor import Tensor
from byhand.program.program import Program
from byhand.values.arrays import Array

SMALL = 1e-3
"""By this part of the largest element a guard may change a value, or what is made of it."""

Slopes = tuple[float | None, ...]
"""The slope of a choice along each argument, where that is the same for all elements; else None."""


@dataclass(frozen=True)
class NewSides:
    """Whether a draw goes ways that another one doesn't go: such as matter, and such as a guard
    takes."""

    matter: bool
    guard: bool


def new_sides(known: Program, found: Program) -> NewSides:
    """Which ways forward goes on one draw, where it goes one way alone on a `known` one."""
    if [_name(t) for t in known.tensors] != [_name(t) for t in found.tensors]:
        return NewSides(len(one_sided(found)) < len(one_sided(known)), guard=False)
    matter, guards = _sorted(known, found)
    return NewSides(matter, bool(guards))


def guards_at_work(known: Program, found: Program) -> dict[Tensor, int]:
    """The guards that do something on one draw and nothing on a `known` one, with the number of
    elements that they change; none if forward goes other new ways, too."""
    if [_name(t) for t in known.tensors] != [_name(t) for t in found.tensors]:
        return {}
    matter, guards = _sorted(known, found)
    if matter:
        return {}
    without = _without_choices(found, guards)
    return {tensor: int(np.sum(without[tensor] != tensor.value)) for tensor in guards}


def _sorted(known: Program, found: Program) -> tuple[bool, dict[Tensor, Slopes]]:
    """Whether forward goes new ways that matter, and the guards that go one."""
    before, after = one_sided(known), one_sided(found)
    guards: dict[Tensor, Slopes] = {}
    matter = False
    for number, slopes in before.items():
        tensor = found.tensors[number]
        if after.get(number) == slopes:
            continue
        without = _without_choices(found, {**guards, tensor: slopes})
        if np.array_equal(without[tensor], tensor.value):
            continue  # of one element nobody knows which way it goes
        if _is_a_sign(tensor) or _is_seen(tensor, without, known, found):
            matter = True
        else:
            guards[tensor] = slopes
    return matter, guards


def has_choices(program: Program) -> bool:
    """Whether forward chooses between values at all."""
    return any(map(_chooses, program.tensors))


def one_sided(program: Program) -> dict[int, Slopes]:
    """The choices that go one way for all elements, by their place among the tensors."""
    found: dict[int, Slopes] = {}
    for number, tensor in enumerate(program.tensors):
        if _chooses(tensor) and tensor.value.size > 1:
            slopes = _slopes(tensor)
            if any(slope is not None for slope in slopes):
                found[number] = slopes
    return found


def one_way(program: Program) -> list[int]:
    """The choices of which all elements are those of one argument: such as of a ReLU where each is
    positive, not of a clip that one of its bounds is at work in."""
    return [number for number, slopes in one_sided(program).items() if any(slopes)]


def _chooses(tensor: Tensor) -> bool:
    return picks(tensor) or _is_a_sign(tensor)


def picks(tensor: Tensor) -> bool:
    """Whether each of its elements is one of those that it is made of, as in a maximum."""
    op = tensor.op
    return op is not None and (op.kink == "arguments" or op.name == "where")


def _slopes(tensor: Tensor) -> Slopes:
    assert tensor.op is not None
    args, ones = _values(tensor, {}), np.ones(tensor.shape)
    found: list[float | None] = []
    for vjp in tensor.op.vjps:
        slope = None
        if vjp is not None:
            along = np.asarray(vjp(ones, tensor.value, *args, **tensor.params))
            slope = float(along.flat[0]) if along.size > 1 and np.ptp(along) == 0 else None
        found.append(slope)
    return tuple(found)


def _name(tensor: Tensor) -> str | None:
    return None if tensor.op is None else tensor.op.name


def _is_a_sign(tensor: Tensor) -> bool:
    """Whether it is a choice of `abs`: what squares see nothing of guards nothing."""
    return tensor.op is not None and tensor.op.kink == "zero"


def _without_choices(program: Program, ways: Mapping[Tensor, Slopes]) -> dict[Tensor, Array]:
    """The values of these choices, and of all that is made of them, where each goes the one way
    that these slopes say, for all elements."""
    values = dict[Tensor, Array]()
    with np.errstate(all="ignore"):
        for tensor in program.tensors:
            if tensor in ways:
                values[tensor] = _one_way(tensor, ways[tensor], values)
            elif tensor.op is not None and not values.keys().isdisjoint(tensor.parents):
                args = _values(tensor, values)
                values[tensor] = np.asarray(tensor.op.forward(*args, **tensor.params))
    return values


def _one_way(tensor: Tensor, slopes: Slopes, values: Mapping[Tensor, Array]) -> Array:
    """What a choice gives if it goes one way for all elements: where that is known, along the
    arguments that it took; else without the bounds that it didn't."""
    assert tensor.op is not None
    args = _values(tensor, values)
    if any(slopes):
        sides = [slope * arg for slope, arg in zip(slopes, args, strict=False) if slope]
        return np.broadcast_to(sum(sides, np.zeros(())), tensor.shape)
    _, *bounds = args
    free = [
        infinite if slope == 0 else bound
        for bound, slope, infinite in zip(bounds, slopes[1:], (-np.inf, np.inf), strict=False)
    ]
    return np.asarray(tensor.op.forward(args[0], *free))


def _values(tensor: Tensor, values: Mapping[Tensor, Array]) -> list[Any]:
    return [values.get(a, a.value) if isinstance(a, Tensor) else a for a in tensor.args]


def _is_seen(
    choice: Tensor, without: Mapping[Tensor, Array], known: Program, found: Program
) -> bool:
    """Whether it makes a difference to an output that a choice is made, by way of nothing but
    values to which it makes one; what isn't finite without it is what it guards from."""
    different: set[Tensor] = set()
    for tensor, before in zip(found.tensors, known.tensors, strict=True):
        if tensor is choice or not different.isdisjoint(tensor.parents):
            there, value = np.asarray(without[tensor]), np.asarray(tensor.value)
            size = np.max(np.abs(before.value), initial=0.0, where=np.isfinite(before.value))
            off = np.isfinite(there) & ~(np.abs(there - value) <= SMALL * size)
            if np.any(off):
                different.add(tensor)
    return any(step.tensor in different for step in found.outputs)
