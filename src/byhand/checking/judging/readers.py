"""What reads a local, statement by statement, and whether that is right."""

from __future__ import annotations

from collections.abc import Container

from byhand.checking.judging.evidence import evidence_of
from byhand.checking.judging.near import is_meant_as
from byhand.checking.judging.part import LastPart
from byhand.checking.judging.trial import Trial
from byhand.checking.running.backward_run import Write
from byhand.checking.running.names import loaded_names
from byhand.referees.referee import Key
from byhand.values import tree


def readers_of(trial: Trial, part: LastPart, at: int) -> frozenset[Key]:
    """The answers that read a local after its statement number `at`, before the next."""
    local = f"d{tree.root(part.host[0])}"
    begin = part.writes[at].number
    end = part.writes[at + 1].number if at + 1 < len(part.writes) else None
    return frozenset(
        answer.key
        for answer in trial.answers.found
        if part.host not in (answer.key, answer.host)
        for write in answer.writes
        if write.number > begin and (end is None or write.number < end)
        if local in dict(loaded_names(write.node)) or _reads_through(trial, write, part, at)
    )


def _reads_through(trial: Trial, write: Write, part: LastPart, at: int) -> bool:
    """Whether a statement reads a local that was made of this one since."""
    begin = part.writes[at].number
    if part.host not in trial.answers:  # that it is read isn't taken down, only by which statements
        return begin in write.through
    return part.writes[at].at in write.reads and any(n > begin for n in write.through)


def last_read_at_once(trial: Trial, part: LastPart, at: int) -> int:
    """The first statement from number `at` on after which something reads the local."""
    for i in range(at, len(part.writes)):
        if readers_of(trial, part, i):
            return i
    return len(part.writes) - 1


def made_of_it(trial: Trial, part: LastPart, write: Write) -> frozenset[Key]:
    """The answers that the same statement writes, as `dz = dp.mul_(p)` does; not those that are
    views of the local, which it fills."""
    if f"d{tree.root(part.host[0])}" not in dict(loaded_names(write.node)):
        return frozenset()
    return frozenset(
        answer.key
        for answer in trial.answers.found
        if answer.host is None and answer.key != part.host
        if any(each.number == write.number for each in answer.writes)
    )


def all_right(
    trial: Trial, keys: Container[Key], exactly: bool = False, turned: bool = False
) -> bool:
    """Whether these definitions are right, each alone, but for a convention of sums for means; with
    `turned`, perhaps but for the sign."""
    for answer in trial.answers.found:
        if answer.key in keys:
            found = evidence_of(trial, answer)
            wrong = found.clearly_wrong or not found.right
            if wrong and (exactly or not is_meant_as(found.value, found.expected, trial, turned)):
                return False
    return True
