"""Blame: of all gradients that are wrong, those whose own line is wrong.

Every definition is judged on its own, with random upstream gradients (`evidence.py`). One that is
right alone but wrong in the real run only inherited it. One that is wrong alone but right on the
true gradients holds for a reason that random ones don't have (something is zero, or adds up to
zero): no mistake. What is wrong alone and on the true gradients is a root.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from byhand.checking.judging.evidence import Evidence, evidence_of
from byhand.checking.judging.trial import Trial
from byhand.checking.running.answers import Answer
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
    """The roots by name and binding; `lucky` are the definitions that hold on true gradients
    only."""

    roots: dict[Key, Root]
    lucky: dict[Key, tuple[Evidence, ...]]


def blame(trials: Sequence[Trial], right: frozenset[Key]) -> Blame:
    """Judges every definition of a backward on its own, on every draw.

    `right` are the answers whose results are right on every draw: these are no roots.
    """
    roots: dict[Key, Root] = {}
    lucky: dict[Key, tuple[Evidence, ...]] = {}
    for answer in trials[0].answers.found:
        if not answer.writes:
            continue
        evidence = tuple(
            evidence_of(trial, there)
            for trial in trials
            for there in same_definition(answer, trial)
        )
        if all(found.right for found in evidence):
            continue
        if answer.key not in right and any(_wrong(found) for found in evidence):
            roots[answer.key] = Root(answer, evidence)
        else:
            lucky[answer.key] = evidence
    return Blame(roots, lucky)


def _wrong(found: Evidence) -> bool:
    return not found.right and not found.right_on_truth


def same_definition(answer: Answer, trial: Trial) -> list[Answer]:
    """The answers that the same statements made on another draw.

    Where a loop runs more often there, that may be other items of the list, or other bindings.
    """
    name = answer.key[0].partition("[")[0]
    found = [
        each
        for each in trial.answers.found
        if each.key[0].partition("[")[0] == name and _nodes(each) == _nodes(answer)
    ]
    same_key = [each for each in trial.answers.found if each.key == answer.key]
    return [each for each in found if each in same_key] or found[:1] or same_key


def _nodes(answer: Answer) -> tuple[ast.stmt, ...]:
    return tuple(dict.fromkeys(write.node for write in answer.writes))


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
