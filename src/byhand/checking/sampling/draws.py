"""The draws that a problem is tried on, in order: its default sizes, then others where a fixed size
can't hide."""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from byhand.checking.sampling.choices import new_sides
from byhand.checking.sampling.moved_draws import (
    empty_masks,
    generic,
    holds_still,
    other_branches,
    zeros,
)
from byhand.checking.sampling.sample_inputs import ADVICE, Draw, draw
from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.program.statements import Function

DEEP = 3
"""How many loops within each other make a large draw slow."""

TRIES = 4
"""Draws of the same sizes, until there is one on which no guard works."""

SEEDS = 1000
"""How far apart the seeds of these are."""


@dataclass(frozen=True)
class Skipped:
    """A draw that can't be made: forward fails on it, or isn't finite."""

    note: str


def draws(
    problem: Problem, backward: Function | None, dtype: str | None, seed: int, rest: str | None
) -> Iterator[Draw | Skipped]:
    """The draws to try, each made when it is asked for; after one with ties, it as it came.
    `backward` is that of the problem, taken apart, if it can be.

    The first is of the default sizes in `dtype`, as the inputs come if that is None; the others in
    `rest`. Raises ProblemError if the first can't be made.
    """
    first = draw(problem, {}, dtype, seed)
    yield from _with_ties(first)
    narrow = first.program is not first.truth
    if rest is None:
        yield from _others(problem, backward, seed, rest, first)
        return
    if narrow:
        yield from _attempt(
            problem, {}, seed, rest, first
        )  # the same, where less is hidden by rounding
    # One more of the default sizes: chance must not show a thing just once, nor inputs hide it.
    moved = generic(problem, seed + 1, first)
    if moved is None and not narrow:
        yield from _attempt(problem, {}, seed + 1, rest, first)
    elif moved is not None:
        further = other_branches(problem, seed + 1, moved)
        with_zeros = zeros(problem, seed + 1, backward, moved)
        for found in (moved, further, with_zeros, empty_masks(problem, seed + 1)):
            yield from () if found is None else _with_ties(found)
    yield from _others(problem, backward, seed, rest, first)


def further_draw(problem: Problem, seed: int, dtype: str | None, first: Draw) -> Draw | None:
    """A draw on which a mistake is proved once more before it is named: what fits the others by
    accident doesn't fit this one. None where it can't be made."""
    sizes = _in_order(problem.dimensions, above=3)
    if len(sizes) < 2 or _depth(problem.forward) >= DEEP:
        sizes = {}
    for tried in (sizes, {}):
        for found in _attempt(problem, tried, seed + 2, dtype, first):
            if isinstance(found, Draw):
                return found
    return None


def _others(
    problem: Problem, backward: Function | None, seed: int, dtype: str | None, first: Draw
) -> Iterator[Draw | Skipped]:
    """The draws of other sizes."""
    fitted = False
    loops = max(_depth(each) for each in (problem.forward, backward) if each is not None)
    others = [*(small_sizes if loops >= DEEP else other_sizes)(problem.dimensions)]
    for sizes in others:
        for found in _attempt(problem, sizes, seed, dtype, first):
            fitted |= isinstance(found, Draw)
            yield found
    if others and holds_still(problem, first):  # at these sizes, too, it hides what it hides
        moved = generic(problem, seed + 1, first, others[0]) if dtype == "float64" else None
        yield from () if moved is None else _with_ties(moved)
    if 0 < loops < DEEP:  # where one runs but twice, its first steps are its last ones
        for sizes in small_sizes(problem.dimensions):
            found = _attempt(problem, sizes, seed, dtype, first)
            yield from (each for each in found if isinstance(each, Draw))
    if problem.dimensions and not fitted:
        yield from _attempt(problem, related_sizes(problem.dimensions), seed, dtype, first)


def _attempt(
    problem: Problem, sizes: Mapping[str, int], seed: int, dtype: str | None, first: Draw
) -> Iterator[Draw | Skipped]:
    """A draw of these sizes, where chance allows one on which no guard works that doesn't on the
    first."""
    at = ", ".join(f"{name}={size}" for name, size in sizes.items()) or "other inputs"
    try:
        for further in range(TRIES):
            found = draw(problem, sizes, dtype, seed + SEEDS * further)
            if not new_sides(first.truth, found.truth).guard:
                yield from _with_ties(found)
                return
    except ProblemError as error:
        why = str(error).removesuffix(ADVICE).replace(f"{problem.file}:", "line ")
        yield Skipped(f"not tried at {at}: {why}")
    else:
        yield Skipped(f"not tried at {at}: forward's numbers are cut off there")


def _with_ties(found: Draw) -> tuple[Draw, ...]:
    """A draw, and the same as it came."""
    return (found,) if found.as_it_came is None else (found, found.as_it_came)


def other_sizes(dimensions: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Sizes to try besides the default ones: distinct primes, in the order of the default sizes, as
    a window is to fit into what it slides over; then a batch (the first size) of 1."""
    if not dimensions:
        return
    primes = _in_order(dimensions)
    yield primes
    first = next(iter(dimensions))
    yield {**primes, first: 1}


def _in_order(dimensions: Mapping[str, int], above: int = 2) -> dict[str, int]:
    """A prime above this for each size, the larger the larger the size is: none that the size,
    written as a number, could be."""
    primes = (p for p in _odd_primes() if p > above)
    ascending = sorted(dimensions, key=lambda name: dimensions[name])
    found = {name: next(p for p in primes if p != dimensions[name]) for name in ascending}
    return {name: found[name] for name in dimensions}


def small_sizes(dimensions: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """The same for loops within loops, whose time is the product of all sizes: the smallest primes,
    in the order of the default sizes."""
    primes: dict[str, int] = {}
    for name in sorted(dimensions, key=lambda name: dimensions[name]):
        free = (p for p in itertools.chain([2], _odd_primes()) if p not in primes.values())
        primes[name] = next(p for p in free if p != dimensions[name])
    if primes:
        yield {name: primes[name] for name in dimensions}


@lru_cache(maxsize=1 << 6)
def _depth(function: Function) -> int:
    """How many loops stand within each other."""
    return max(map(_depth_of, function.body), default=0)


def _depth_of(node: ast.AST) -> int:
    inside = max(map(_depth_of, ast.iter_child_nodes(node)), default=0)
    return inside + isinstance(node, (ast.For, ast.While))


def related_sizes(dimensions: Mapping[str, int]) -> dict[str, int]:
    """Sizes that keep the divisibility of the default ones, for where primes don't fit."""
    return {name: 2 * size for name, size in dimensions.items()}


def _odd_primes() -> Iterator[int]:
    return (n for n in itertools.count(3, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2)))
