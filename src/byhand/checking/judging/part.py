"""The last part of a local over its statements, and what it may be the gradient of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from byhand.checking.judging.near import Hold, Near, holds, holds_as
from byhand.checking.judging.trial import Trial
from byhand.checking.judging.turns import Turn, Way
from byhand.checking.running.backward_run import Write
from byhand.engine.tensor import Tensor
from byhand.referees.referee import Key
from byhand.values import tree


@dataclass(frozen=True, eq=False)
class LastPart:
    """The last that is known of a local: from these statements on it holds the gradient of
    `tensor`, which is at the end of `way` from the value that it bears the name of.

    `values` are what it held after each statement, where all that these read is right. `given`: it
    held a gradient before them, too. `loose`: it doesn't answer for that value, as forward binds
    the name more or less often than backward, so it may be the gradient of it or of others.
    `renamed`: one statement made it, and what reads it isn't right if it is what its name says.
    """

    host: Key
    way: Way
    tensor: Tensor
    writes: tuple[Write, ...]
    values: Sequence[Any]
    given: bool = False
    loose: bool = False
    renamed: bool = False


@dataclass(frozen=True, eq=False)
class Guess:
    """A part of which it isn't known what it holds from its statement number `at` on: one of the
    values that are `near`. `times` says how many times its own gradient it held before, by some
    convention; nothing, where it never held it."""

    part: LastPart
    at: int
    times: frozenset[float]
    near: Sequence[Near]

    @property
    def may_show(self) -> bool:
        """Whether its values may tell."""
        return bool(self.times) or self.part.given

    @property
    def holds(self) -> Hold:
        """What its values are to be of a gradient: a convention that is kept goes on as it began,
        and more or less than that is a slip."""
        return holds_as(self.times) if self.times else holds


def match_of(
    trial: Trial, part: LastPart, at: int, near: Sequence[Near], hold: Hold = holds
) -> tuple[int, Turn | None]:
    """The first value from number `at` on that is the gradient of one that is near."""
    return next(_matches(trial, part, at, near, hold), (at, None))


def equal_matches(
    trial: Trial, part: LastPart, at: int, near: Sequence[Near], hold: Hold = holds
) -> list[Turn]:
    """The same, with all that are near whose gradient that value is: those of `s - s.max()` and of
    `s` are equal where a softmax comes next."""
    matches = [*_matches(trial, part, at, near, hold)]
    return [turn for i, turn in matches if i == matches[0][0]]


def _matches(
    trial: Trial, part: LastPart, at: int, near: Sequence[Near], hold: Hold
) -> Iterator[tuple[int, Turn]]:
    root = tree.root(part.host[0])
    named = {trial.drawn.truth.by_key[each.key].tensor for each in trial.answers.found}
    for i in range(at, len(part.values)):
        for tensor, way in near:
            if hold(part.values[i], tensor, trial):
                yield i, Turn(root, part.writes[at], None if tensor in named else way)
