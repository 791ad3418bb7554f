"""Blame: of all gradients that are wrong, those whose own line is wrong.

Every definition is judged on its own, with random upstream gradients (`byhand.checking.evidence`). One
that is right alone but wrong in the real run only inherited it. One that is wrong alone but right on
the true gradients holds for a reason that random ones don't have (something is zero, or adds up to
zero): no mistake. What is wrong alone and on the true gradients is a root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from byhand.checking.answers import Answer
from byhand.checking.evidence import Evidence, Trial
from byhand.checking.hand import Damage
from byhand.referees.referee import Key


@dataclass(frozen=True, eq=False)
class Root:
    """A definition that is wrong, and the draws that show it, the first one the default sizes."""

    answer: Answer
    evidence: tuple[Evidence, ...]

    @property
    def shown_by(self) -> Evidence:
        """The first draw on which it is wrong."""
        return next(found for found in self.evidence if _wrong(found))


@dataclass(frozen=True, eq=False)
class Blame:
    """The roots by name and binding; `lucky` are the definitions that hold on true gradients only."""

    roots: dict[Key, Root]
    lucky: frozenset[Key]


def blame(trials: Sequence[Trial]) -> Blame:
    """Judges every definition of a backward on its own, on every draw."""
    roots: dict[Key, Root] = {}
    lucky: set[Key] = set()
    for answer in trials[0].answers.found:
        if not answer.writes:
            continue
        evidence = tuple(
            trial.evidence(there)
            for trial in trials
            if (there := _same(answer, trial)) is not None
        )
        if any(_wrong(found) for found in evidence):
            roots[answer.key] = Root(answer, evidence)
        elif not all(found.right for found in evidence):
            lucky.add(answer.key)
    return Blame(roots, frozenset(lucky))


def _wrong(found: Evidence) -> bool:
    return not found.right and not found.right_on_truth


def _same(answer: Answer, trial: Trial) -> Answer | None:
    """The answer for the same step on another draw."""
    return next((each for each in trial.answers.found if each.key == answer.key), None)


def harmful(trial: Trial) -> list[Damage]:
    """The changes in place that something else suffers from.

    Changing a value of the forward pass always does harm. Changing another gradient does if that is
    an input's, which is a result, or if a later statement reads it.
    """
    return [
        damage
        for damage in trial.hand.damages
        if not damage.changed.startswith("d") or _still_needed(damage, trial)
    ]


def _still_needed(damage: Damage, trial: Trial) -> bool:
    name = damage.changed[1:]
    program = trial.drawn.truth
    if name in program and program.bindings[name][0].line is None:
        return True
    at = {
        i
        for i, write in enumerate(trial.hand.writes)
        if write.name == name and write.number <= damage.number
    }
    return any(
        write.number > damage.number and write.reads & at and write.name != name
        for write in trial.hand.writes
    )


def read_too_early(trial: Trial) -> dict[Key, tuple[str, int]]:
    """The definitions that read a gradient before its last share was added, with its name and the
    line that reads it."""
    early: dict[Key, tuple[str, int]] = {}
    for answer in trial.answers.found:
        for write in answer.writes:
            for owner in trial.answers.read_by(answer, write):
                if owner.writes[-1].number > write.number:
                    early.setdefault(answer.key, (owner.key[0], write.line))
    return early


