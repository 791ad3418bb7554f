"""A guess at all arguments of a forward, and which of their axes are one dimension."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from byhand.sources.arguments import Argument, Floats, Integers, Literal, drawn
from byhand.sources.guesses import Array, Axis, AxisLengths, Guess, Length, Unrolled, axes_in

PART = " // "
"""What stands between an axis and a number in the name of its part."""


@dataclass(frozen=True)
class Proposal:
    """A guess at all arguments.

    `same` leads from an axis to the one whose size it has, `times` to others whose
    product it is, times a number, `sums` to those that stand in it one after the other. `given`
    axes have the sizes they were given, `fixed` ones those of forward's own defaults or arrays,
    whose sizes are `own`. `shares` are the arguments between 0 and 1.
    """

    guesses: Mapping[str, Guess]
    sizes: Mapping[Axis, int]
    same: Mapping[Axis, Axis]
    times: Mapping[Axis, tuple[int, tuple[Axis, ...]]]
    below: Mapping[str, int]
    positive: bool = False
    given: frozenset[Axis] = frozenset()
    fixed: frozenset[Axis] = frozenset()
    sums: Mapping[Axis, tuple[Axis, ...]] = field(default_factory=dict[Axis, tuple[Axis, ...]])
    shares: frozenset[str] = frozenset()
    own: frozenset[int] = frozenset()

    @property
    def made(self) -> dict[Axis, tuple[Axis, ...]]:
        """The axes whose sizes are made of others', with these."""
        return {**{axis: others for axis, (_, others) in self.times.items()}, **self.sums}

    def root(self, axis: Axis) -> Axis:
        while axis in self.same:
            axis = self.same[axis]
        return axis

    def size(self, axis: Axis, sizes: Mapping[Axis, int]) -> int:
        if axis == "1":
            return 1
        root = self.root(axis)
        if root in self.times:
            factor, others = self.times[root]
            return factor * math.prod(self.size(other, sizes) for other in others)
        if root in self.sums:
            return sum(self.size(other, sizes) for other in self.sums[root])
        return sizes[root]

    @property
    def dimensions(self) -> dict[Axis, int]:
        """The sizes that can be chosen, in the order of the arguments."""
        found: dict[Axis, int] = {}
        for guess in self.guesses.values():
            for axis in axes_in(guess):
                for root in self.free(axis):
                    found[root] = self.sizes[root]
        return found

    def at(self, sizes: Iterable[int]) -> Proposal:
        """The same with these sizes of the dimensions that aren't given, as far as they go."""
        free = [axis for axis in self.dimensions if axis not in self.given]
        chosen = dict(zip(free, sizes, strict=False))
        now = {self.sizes[axis]: size for axis, size in chosen.items()}
        below = {name: now.get(size, size) for name, size in self.below.items()}
        return replace(self, sizes={**self.sizes, **chosen}, below=below)

    def multiple(self, axis: Axis, number: int) -> Proposal:
        """The same where a dimension can be divided by a number, as the heads of attention do."""
        part = f"{axis}{PART}{number}"
        sizes = {self.size(each, self.sizes) for each in self.sizes}
        near = itertools.count(max(2, self.sizes[axis] // number))
        size = next(n for n in near if not {n, n * number} & sizes)
        times = {**self.times, axis: (number, (part,))}
        return replace(self, sizes={**self.sizes, part: size}, times=times)

    def free(self, axis: Axis) -> Iterator[Axis]:
        """The dimensions that the size of an axis is made of."""
        root = self.root(axis)
        if root in self.made:
            for other in self.made[root]:
                yield from self.free(other)
        elif root != "1":
            yield root

    def arguments(self, sizes: Mapping[Axis, int] | None = None) -> dict[str, Argument]:
        """The arguments at these sizes, or at those that were proposed."""
        sizes = {**self.sizes, **(sizes or {})}
        found = {
            name: self._argument(name, guess, sizes)
            for name, guess in self.guesses.items()
            if not isinstance(guess, Unrolled)
        }
        for name, guess in self.guesses.items():
            if isinstance(guess, Unrolled):
                length = guess.length(drawn(found, np.random.default_rng(0)))
                found[name] = Floats((length,), self.positive)
        return {name: found[name] for name in self.guesses}

    def _argument(
        self, name: str, guess: Array | Length | AxisLengths | Literal, sizes: Mapping[Axis, int]
    ) -> Argument:
        if isinstance(guess, Literal):
            return guess
        shape = tuple(self.size(axis, sizes) for axis in guess.axes)
        match guess:
            case Length():
                return Literal(shape[0])
            case AxisLengths():
                return Literal([*shape])
            case Array(whole=True):
                return Integers(shape, self._below(name, sizes))
            case Array():
                return Floats(shape, self.positive, shares=name in self.shares)

    def _below(self, name: str, sizes: Mapping[Axis, int]) -> int:
        """Integers that index an axis stay below its size, also where that is another one."""
        below = self.below.get(name, 64)
        axes = [axis for axis, size in self.dimensions.items() if size == below]
        return self.size(axes[0], sizes) if axes else below
