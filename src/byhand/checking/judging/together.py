"""Several locals that are other gradients than their names say, found together.

    dz = dh * (h_prev - n) * z * (1 - z)

Called after the gate, it is the gradient of what the gate is made of. One by one, what reads
several such locals is wrong either way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from byhand.checking.judging.evidence import evidence_of
from byhand.checking.judging.near import unturned, values_before
from byhand.checking.judging.part import Guess, LastPart, match_of
from byhand.checking.judging.parts import parts_of
from byhand.checking.judging.trial import Trial
from byhand.checking.judging.turns import Turn, turned
from byhand.deadline import Allowance
from byhand.values import tree


def together(
    trial: Trial, first: Trial, turns: Sequence[Turn], guesses: Sequence[Guess]
) -> list[Turn]:
    """What several locals are by their values that aren't what their names say, such as dr and dz
    where those are the gradients of what gates are made of: one by one, what reads them all is
    wrong either way. As few as make the fewest definitions wrong, if any do."""
    matches = (
        match_of(trial, guess.part, guess.at, unturned(guess.near), guess.holds)[1]
        for guess in guesses
        if guess.may_show
    )
    found = [turn for turn in matches if turn is not None]
    return _needed(first, turns, found) if len({turn.root for turn in found}) > 1 else []


def together_with_a_wrong_one(
    trial: Trial,
    first: Trial,
    turns: Sequence[Turn],
    parts: Sequence[LastPart],
    allowance: Allowance,
) -> list[Turn]:
    """The same of these parts, where one is wrong besides: that is tried as the gradient of each
    value near its own, until the allowance is spent."""

    def by_values(known: Trial, more: Sequence[Turn]) -> list[Turn]:
        parts = (part for part in parts_of(known, [*turns, *more], renamed=True) if part.renamed)
        matches = (
            match_of(known, part, 0, unturned(values_before(part.tensor, part.way, known)))
            for part in parts
        )
        return [turn for _, turn in matches if turn is not None]

    if len({tree.root(part.host[0]) for part in parts}) < 2:
        return []
    shown = {turn.root for turn in by_values(trial, [])}
    best, fewest = list[Turn](), _wrong_alone(first, turns)
    for part in parts:
        for turn in _tries(part, trial) if tree.root(part.host[0]) not in shown else ():
            if allowance.is_spent:
                return _needed(first, turns, best) if best else []
            found = [turn, *by_values(turned(first, [*turns, turn]), [turn])]
            if len(found) > 1 and (wrong := _wrong_alone(first, [*turns, *found])) < fewest:
                best, fewest = found, wrong
    return _needed(first, turns, best) if best else []


def _needed(first: Trial, turns: Sequence[Turn], found: Sequence[Turn]) -> list[Turn]:
    """As few of these turns as make as few definitions wrong as all do; none if they make no
    fewer."""
    before, fewest = _wrong_alone(first, turns), _wrong_alone(first, [*turns, *found])
    if fewest >= before:
        return []
    for root in dict.fromkeys(turn.root for turn in found):
        rest = [each for each in found if each.root != root]
        if (wrong := _wrong_alone(first, [*turns, *rest])) <= fewest:
            found, fewest = rest, wrong
    return [*found]


def _tries(part: LastPart, trial: Trial) -> Iterator[Turn]:
    """A local as the gradient of each value near its own that has its shape."""
    shape = np.shape(part.values[0])
    for tensor, way in unturned(values_before(part.tensor, part.way, trial)):
        if tensor.shape == shape:
            yield Turn(tree.root(part.host[0]), part.writes[0], way)


def _wrong_alone(first: Trial, turns: Sequence[Turn]) -> int:
    """How many definitions are wrong with these turns."""
    tried = turned(first, turns) if turns else first
    alone = (evidence_of(tried, each) for each in tried.answers.found if each.writes)
    return sum(each.clearly_wrong or not each.right for each in alone)
