"""Locals over time: the last part of each of which it is known what it holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from byhand.checking.judging.near import holds_exactly
from byhand.checking.judging.part import LastPart
from byhand.checking.judging.readers import all_right, readers_of
from byhand.checking.judging.trial import Trial
from byhand.checking.judging.turns import Turn, Way, overwritten, without_answer
from byhand.checking.running.answers import Answer
from byhand.checking.running.names import loaded_names
from byhand.referees.referee import Key
from byhand.values import tree


def parts_of(trial: Trial, turns: Sequence[Turn], renamed: bool) -> Iterator[LastPart]:
    """Of each local that several statements write, the last part that is known."""
    steps, last = trial.drawn.truth.by_key, dict[Key, Answer]()
    for answer in trial.answers.found:
        last[answer.host or answer.key] = answer
    ways = {turn.root: turn.way for turn in turns}
    for host, answer in last.items():
        values = trial.versions.get(answer.key, ())
        way = ways.get(tree.root(host[0]), Way()) if answer.host is not None else Way()
        ended = answer.host is None and tree.root(host[0]) in ways
        again = answer.host is None and _bound_again(trial, host)
        known = len(answer.writes) > 0 and len(values) == len(answer.writes)
        if known and (again or len(values) > 1) and way is not None and not ended:
            tensor = steps[answer.key].tensor
            yield LastPart(host, way, tensor, answer.writes, values, given=again)
        elif renamed and known and host[0].isidentifier() and answer.host is None and not ended:
            tensor = steps[answer.key].tensor
            part = LastPart(host, Way(), tensor, answer.writes, values, given=True, renamed=True)
            if not holds_exactly(values[0], tensor, trial) and not _is_read_as_it(part, trial):
                yield part
    for host, writes in without_answer(trial).items():
        if host[0] not in ways:
            values = [write.value for write in writes]
            loose = host[0] not in overwritten(trial)
            yield LastPart(host, Way(), steps[host].tensor, writes, values, given=True, loose=loose)


def _is_read_as_it(part: LastPart, trial: Trial) -> bool:
    """Whether all that reads a local is right if that is the gradient it bears the name of."""
    readers = readers_of(trial, part, 0)
    return all_right(trial, readers, exactly=True) if readers else not _is_used(part, trial)


def _is_used(part: LastPart, trial: Trial) -> bool:
    """Whether a later statement has the local in it, of whatever that is a part."""
    function, local = trial.run.function, f"d{tree.root(part.host[0])}"
    written = {write.node for write in part.writes}
    return function is not None and any(
        written.isdisjoint(ast.walk(node))
        for node in function.nodes
        if isinstance(node, ast.stmt) and local in dict(loaded_names(node))
    )


def _bound_again(trial: Trial, key: Key) -> bool:
    """Whether forward binds the name once more after this binding.

    Then backward's local of that name was there before. That it is bound as often in backward as in
    forward doesn't say that it is so for the same values.
    """
    return len(trial.drawn.truth.bindings.get(key[0], ())) > key[1] + 1
