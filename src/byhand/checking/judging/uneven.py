"""The definitions of a backward that give equal elements weights which don't add up to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from byhand.checking.judging.evidence import Evidence, as_array, evidence_of
from byhand.checking.judging.tie_weights import (
    CLOSE,
    Tied,
    Tried,
    Weights,
    judged_ties,
    odd_weights,
)
from byhand.checking.judging.trial import Trial
from byhand.checking.sampling.ties import Tie
from byhand.referees.referee import Key


@dataclass(frozen=True, eq=False)
class Uneven:
    """A definition whose weights don't add up to 1 where the values that the steps `chosen_by`
    choose from are equal.

    `sums` are what they add up to instead, on two draws of upstream gradients; none where they
    can't be told. `each_gets_all`: as if every one of the equals had been alone.
    """

    evidence: Evidence
    chosen_by: tuple[str, ...]
    sums: tuple[float, ...]
    each_gets_all: bool

    @property
    def constant(self) -> float | None:
        """What they add up to, if it is the same wherever it isn't 1."""
        same = self.sums and max(self.sums) - min(self.sums) <= CLOSE
        return self.sums[0] if same else None


def uneven(trial: Trial, besides: frozenset[Key]) -> dict[Key, Uneven]:
    """The definitions that give other weights, on a draw with ties; but for those in `besides`.

    As with any definition, one that is right on the true gradients is no mistake.
    """
    truth = trial.drawn.truth
    if not judged_ties(truth):
        return {}
    answers = [a for a in trial.answers.found if a.writes and a.key not in besides]
    alone = {answer.key: evidence_of(trial, answer) for answer in answers}
    odd = odd_weights(truth, [_tried(each) for each in alone.values()])
    if not odd:
        return {}
    on_truth = odd_weights(truth, [_tried(each.on_truth()) for each in alone.values()])
    return {
        key: _described(alone[key], each, [totals, on_truth[key][1]])
        for key, (each, totals) in odd.items()
        if key in on_truth
    }


def _tried(found: Evidence) -> Tried:
    fed = {key: found.feeds[key] for key in found.cut}
    return Tried(found.answer.key, found.tensor, as_array(found.value), found.grads, fed)


def _described(evidence: Evidence, each: Tied, totals: Sequence[Weights]) -> Uneven:
    """What is wrong with the weights, by what they add up to on two draws of upstream gradients."""
    odd = {tie: t for total in totals for tie, t in total.items() if not _adds_up(tie, t)}
    owners = evidence.trial.drawn.truth.owners
    chosen_by = dict.fromkeys(name for tie in odd or each.reached for name in owners[tie.node])
    all_of_it = all(
        len(tie.members) > 1 and abs(t - len(tie.members)) <= CLOSE for tie, t in odd.items()
    )
    return Uneven(evidence, tuple(chosen_by), tuple(odd.values()), bool(odd) and all_of_it)


def _adds_up(tie: Tie, total: float) -> bool:
    return (-CLOSE if tie.constant else 1 - CLOSE) <= total <= 1 + CLOSE
