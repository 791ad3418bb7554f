"""Ties: where the two sides of a maximum are equal it has a kink, and no one gradient.

Any weights that add up to 1 are right there, and people choose differently: all to the first, to
each the same, 0 for relu at 0. So the inputs are moved a little, until nothing is equal by
accident: there everybody has to agree. What the weights of a backward add up to is judged on the
inputs as they came (`byhand.checking.judging.tie_weights`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from byhand.engine.tensor import Tensor
from byhand.program.program import Program
from byhand.values.arrays import Array, numbered

STEP = 1e-3


@dataclass(frozen=True)
class Member:
    """One of those that are equal: the element `index` (counted flat) of the argument at
    `position`.

    `weight` is the part of the gradient that the engine gives it. It comes in times `slope`.
    """

    position: int
    index: int
    weight: float
    slope: float = 1.0


@dataclass(frozen=True, eq=False)
class Tie:
    """Elements that are equal, of which `node` takes one as its element `place` (counted flat).

    With a `constant` among them, the members' weights may add up to less than 1.
    """

    node: Tensor
    place: int
    members: tuple[Member, ...]
    constant: bool


def inputs_of_ties(program: Program) -> frozenset[str]:
    """The inputs that the tied elements of this forward were computed from, by name."""
    reached: set[Tensor] = set()
    for tensor in program.tensors[::-1]:
        if tensor in reached or next(_ties(tensor), None) is not None:
            reached.update(tensor.parents)
    return frozenset(step.name for step in program.inputs if step.tensor in reached)


def ties(program: Program) -> list[Tie]:
    """All ties between values that have a gradient."""
    return [tie for tensor in program.tensors for tie in _ties(tensor)]


def moved(value: Array, rng: np.random.Generator) -> Array:
    """The same values, each a little larger or smaller."""
    size: Array = 1 + np.abs(value)
    return np.asarray(value + STEP * rng.normal(size=value.shape) * size, value.dtype)


def _ties(tensor: Tensor) -> Iterator[Tie]:
    match tensor.op.kink if tensor.op is not None else "":
        case "arguments":
            yield from _between_arguments(tensor)
        case "elements":
            yield from _along_an_axis(tensor)
        case "zero":  # from -1 to 1, in steps of 2
            for place in np.flatnonzero(tensor.args[0].value == 0).tolist():
                yield Tie(tensor, place, (Member(0, place, 0.5, slope=2.0),), constant=True)
        case _:
            pass


def _between_arguments(tensor: Tensor) -> Iterator[Tie]:
    """Of two arguments, or of a value and the edges it is clipped at."""
    assert tensor.op is not None
    values = [arg.value if isinstance(arg, Tensor) else np.asarray(arg) for arg in tensor.args]
    picked = [np.broadcast_to(v == tensor.value, tensor.shape).ravel() for v in values]
    for place in np.flatnonzero(np.sum(picked, axis=0) > 1).tolist():
        members: list[Member] = []
        constant = False
        for position, arg in enumerate(tensor.args):
            vjp = tensor.op.vjps[position]
            if not picked[position][place]:
                continue
            if not isinstance(arg, Tensor) or vjp is None:
                constant = True
                continue
            share = vjp(np.ones(tensor.shape), tensor.value, *values)
            weight = float(np.broadcast_to(share, tensor.shape).flat[place])
            members.append(Member(position, _source(arg.shape, tensor.shape, place), weight))
        yield Tie(tensor, place, tuple(members), constant)


def _source(shape: tuple[int, ...], broadcast: tuple[int, ...], place: int) -> int:
    """The element that broadcasting copies to `place`, both counted flat."""
    return int(np.broadcast_to(numbered(shape), broadcast).flat[place])


def _along_an_axis(tensor: Tensor) -> Iterator[Tie]:
    assert tensor.op is not None
    x, axis = tensor.args[0].value, tensor.params.get("axis")
    largest: Array = tensor.op.forward(x, axis=axis, keepdims=True)
    places = np.broadcast_to(numbered(largest.shape), x.shape)
    picked = x == largest
    counts = np.bincount(places[picked], minlength=largest.size)
    for place in np.flatnonzero(counts > 1).tolist():
        equal = np.flatnonzero((picked & (places == place)).ravel()).tolist()
        yield Tie(tensor, place, tuple(Member(0, i, 1 / len(equal)) for i in equal), constant=False)
