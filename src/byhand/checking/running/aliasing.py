"""Changes in place that leave something wrong behind, and the answers that were being written."""

from __future__ import annotations

from collections.abc import Container

from byhand.checking.running.answers import Answers
from byhand.checking.running.backward_run import BackwardRun, Damage
from byhand.checking.running.names import loaded_names
from byhand.referees.referee import Key
from byhand.values import tree


def harmful(
    run: BackwardRun, answers: Answers, given: Container[str], steps: Container[str]
) -> list[Damage]:
    """The changes in place that leave something wrong behind.

    Changing a value of the forward pass (one that is `given`) does. So does changing another
    answer, to one of `steps`, unless that is written anew afterwards and nothing reads it in
    between.
    """
    return [damage for damage in run.damages if _lasts(damage, answers, given, steps)]


def writer(damage: Damage, answers: Answers) -> Key | None:
    """The answer that a statement was writing, or else the next one that reads what it changed."""
    for answer in answers.found:
        if any(write.number == damage.number for write in answer.writes):
            return answer.key
    for answer in answers.found:
        for write in answer.writes:
            reads = {name for name, _ in loaded_names(write.node)}
            if write.number > damage.number and damage.changed in reads:
                return answer.key
    return None


def _lasts(damage: Damage, answers: Answers, given: Container[str], steps: Container[str]) -> bool:
    name = damage.changed[1:]
    if tree.root(damage.changed) in given:
        return True
    if name not in steps:
        return False  # a local of the user's own
    for answer in answers.found:
        for write in answer.writes:
            if write.number > damage.number:
                if any(read.key[0] == name for read in answers.read_by(answer, write)):
                    return True
                if write.name == name and write.fresh:
                    return False
    return True
