"""One definition, run again and again with some of its statements exchanged.

A hypothesis about a mistake exchanges a part of one statement and asks what comes out. Hundreds may
be tried, so what doesn't depend on them is done once: one run of backward on its feeds is taken
down, statement by statement, and only what the definition may need is played again.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

from byhand.checking.judging.compiled_calls import given_otherwise
from byhand.checking.judging.isolated_run import (
    Feeder,
    Plan,
    copied_all,
    fetch,
    in_kind,
    place,
    unscaled,
    usual_kind,
)
from byhand.checking.judging.rounds import ROUNDS
from byhand.checking.running.answers import Answers
from byhand.checking.running.names import loaded_names, touched_names
from byhand.program.control_flow import run
from byhand.program.scopes import stored_names, walruses
from byhand.program.statements import Function, Namespace, Statement, StatementError
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.arrays import Array, is_array, is_torch
from byhand.values.held import copied

Edits: TypeAlias = Mapping[ast.stmt, ast.stmt]
"""Statements, and what to put in their place."""


@dataclass(frozen=True, eq=False)
class Moment:
    """One statement of the run that was taken down.

    `bound` are the variables of loops as they were, `fed` the gradients that are put in place
    afterwards. A statement that only writes other gradients needs no `playing`. One that `goes_on`
    reads the definition as it is so far; one that is `mine` writes it. What it wrote `stays` where
    the next one that is played only goes on writing it: no gradient comes between, nor a copy.
    """

    statement: Statement
    bound: Mapping[str, Any]
    fed: tuple[tuple[str, Any], ...]
    playing: bool
    mine: bool
    goes_on: bool
    stays: bool = False


@dataclass(frozen=True, eq=False)
class Replay:
    """A run of backward, as far as the gradient in `local` needs it, which it means to hold `scale`
    times.

    It can't be played again, `by_view`, where a statement writes the gradient by way of a view of
    it that something else made.
    """

    local: str
    scale: float
    shared: Namespace
    own: Mapping[str, Any]
    moments: tuple[Moment, ...]
    by_view: bool

    def value(self, edits: Edits) -> Any:
        """What the definition gives with other statements in place of some; None if it raises, or
        can't be tried without danger."""
        if self.by_view or any(given_otherwise(*each, self.shared) for each in edits.items()):
            return None
        namespace = {**self.shared, **copied_all(self.own)}
        found: Any = None
        in_place = False
        with contextlib.suppress(Exception):
            for moment in self.moments:
                namespace.update(moment.bound)
                if moment.goes_on and not in_place:
                    place(namespace, self.local, found)
                if moment.playing:
                    self._play(moment, edits, namespace)
                if moment.mine:
                    in_place = moment.stays
                    found = None if in_place else copied(fetch(namespace, self.local))
                for name, value in moment.fed:
                    place(namespace, name, copied(value))
            return unscaled(found, self.scale)
        return None

    def _play(self, moment: Moment, edits: Edits, namespace: Namespace) -> None:
        statement = moment.statement
        if statement.node in edits:
            new = edits[statement.node]
            statement = Statement(new, statement.file, statement.guarded, statement.wide)
        try:
            statement.execute(namespace)
        except Exception:
            if moment.mine:
                raise
            # Else what reads it would read what forward has under that name.
            for name, rebinds in touched_names(statement.node).items():
                if rebinds is not None:
                    namespace.pop(name, None)


def record(
    function: Function,
    given: Mapping[str, Any],
    available: Mapping[str, Any],
    answers: Answers,
    feeds: Mapping[Key, Array],
    key: Key,
) -> Replay:
    """Takes down a run of `function` on feeds, for the definition of `key`.

    `given` are backward's arguments; an exchanged statement may read all that is `available`.
    """
    like = usual_kind(given)
    plan = Plan.of(answers)
    feeder = Feeder(plan, feeds, key, like)
    variables = _variables(function)
    moments: list[Moment] = []

    def execute(statement: Statement, namespace: Namespace) -> None:
        number = feeder.number
        bound = {name: copied(namespace[name]) for name in variables if name in namespace}
        feeder.execute(statement, namespace)
        writes = plan.writes.get(number, ())
        starts = dict(writes)
        helps = plan.helps.get(number) == key
        fed = tuple(
            (
                plan.locals[k],
                feeder.meant(k, in_kind(feeds[k], fetch_or(namespace, plan.locals[k], like))),
            )
            for k in (*starts, *([key] if helps else []))
            if (number, k) not in plan.shares
        )
        playing = not writes or not feeder.skips(number, statement, writes, namespace)
        goes_on = helps or not starts.get(key, True)
        moments.append(Moment(statement, bound, fed, playing, key in starts, goes_on))

    with contextlib.suppress(StatementError):
        run(function, function.namespace(copied_all(given)), execute)
    read = {n for m in moments if m.playing for n, _ in loaded_names(m.statement.node)}
    everything = {**available, **given}
    taken = {n for n in available if n.startswith(ROUNDS)}  # an exchanged statement takes them out
    own = {n: v for n, v in everything.items() if n in read | taken and _can_change(v)}
    shared = {n: _read_only(v) for n, v in everything.items() if n not in own}
    return Replay(
        plan.locals[key],
        plan.scales[key],
        function.namespace(shared),
        own,
        tuple(_staying(moments, plan.locals[key])),
        key in plan.by_view,
    )


def _staying(moments: Sequence[Moment], local: str) -> Iterator[Moment]:
    """The moments, those of them told that leave the definition where it is."""
    ahead: Moment | None = None
    found: list[Moment] = []
    for moment in reversed(moments):
        if moment.mine and ahead is not None and ahead.mine and ahead.goes_on:
            fed = tuple((name, value) for name, value in moment.fed if name != local)
            found.append(replace(moment, fed=fed, stays=True))
        else:
            found.append(moment)
        ahead = moment if moment.playing else ahead
    return reversed(found)


def fetch_or(namespace: Namespace, local: str, like: Any) -> Any:
    """What the local of a gradient holds, or else something of the kind that it should hold."""
    held = fetch(namespace, local)
    return like if held is None else held


@lru_cache(maxsize=1 << 6)
def _variables(function: Function) -> tuple[str, ...]:
    """The names that are bound by a loop, a `with` or a condition rather than by a statement."""
    found: list[str] = []
    for node in function.nodes:
        match node:
            case ast.For(target=target):
                found += stored_names(target)
            case ast.With(items=items):
                found += [
                    n for i in items if i.optional_vars for n in stored_names(i.optional_vars)
                ]
            case ast.If(test=test) | ast.While(test=test):
                found += walruses(test)
            case _:
                pass
    return tuple(dict.fromkeys(found))


def _can_change(value: Any) -> bool:
    return is_array(value) or is_torch(value) or tree.children(value) is not None


def _read_only(value: Any) -> Any:
    """The same array, which an exchanged statement can't change by mistake; anything else as it
    is."""
    if not is_array(value):
        return value
    view = value.view()
    view.flags.writeable = False
    return view
