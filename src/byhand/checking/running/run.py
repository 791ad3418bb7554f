"""Running a hand-written backward, statement by statement where it is a plain Python function."""

from __future__ import annotations

import ast
import contextlib
import itertools
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from byhand.checking.running.advice import KnownNames, explained
from byhand.checking.running.answers import Answer, Answers
from byhand.checking.running.backward_run import BackwardRun, Damage
from byhand.checking.running.names import touched_names
from byhand.checking.running.narrow import Narrow
from byhand.checking.running.recorder import Recorder
from byhand.program.call import Call, by_name, call_of
from byhand.program.control_flow import run
from byhand.program.problem import Problem, in_one_line
from byhand.program.statements import Function, Namespace, Statement, StatementError
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.arrays import speaks_torch
from byhand.values.held import array, copied, unchanged


def run_backward(
    problem: Problem,
    available: Mapping[str, Any],
    upstream: Mapping[str, Any],
    truth: Mapping[str, Any] | None = None,
) -> BackwardRun:
    """Runs the backward of `problem` on copies of the values it asks for.

    `available` are the inputs and the locals of forward; `upstream` the gradients `d<output>`.
    Where a statement raises, the gradient it should have written is taken from `truth`, so that
    what comes after can still be run.

    Raises ProblemError if it asks for something else.
    """
    call = call_of(problem)
    # Copies, made at once: what two of them hold stays one.
    given = copied(call.filled({**upstream, **available}))
    passed, function = copied(given), call.function
    if function is None:
        return _called(call, given, passed)
    names = KnownNames(function, frozenset({*available, *upstream}))
    followed = _written(function) & {*upstream} & {*given}
    narrow = Narrow(speaks_torch(given))
    recorder = Recorder(
        names,
        narrow,
        passed,
        _arrays({k: v for k, v in passed.items() if k not in followed}),
        _arrays(given),
        {name: value for name, value in available.items() if name.startswith("d")},
        upstream,
        truth or {},
        held={name: passed[name] for name in followed},
        seen={name: copied(passed[name]) for name in followed},
    )
    namespace = function.namespace(passed)
    returned = error = None
    try:
        returned = run(function, namespace, recorder.execute).value
    except StatementError as raised:
        if raised.__cause__ is not None:
            said = explained(raised.__cause__, raised.line, names, namespace)
            error = (raised, said)
    error = recorder.error or error
    return BackwardRun(
        function,
        given,
        tuple(recorder.writes),
        by_name(returned, problem, available),
        tuple(recorder.damages),
        narrow.lines,
        *(error or (None, "")),
        unread=_unread(returned),
        entered=tuple(recorder.entered),
        upstream=frozenset({*upstream} & {*given} - {*available}),
        in_halves=bool(narrow.halves),
    )


def run_again(
    problem: Problem, available: Mapping[str, Any], upstream: Mapping[str, Any], known: Answers
) -> dict[Key, Any]:
    """What a backward whose answers are known gives on other values; nobody watches it.

    An answer that the statements don't come to is left out.
    """
    call = call_of(problem)
    given, function = copied(call.filled({**upstream, **available})), call.function
    if function is None:
        assert problem.backward is not None
        return _by_key(problem.backward(**given), problem, available)
    last: dict[int, list[Answer]] = {}
    for answer in known.found:
        for write in answer.writes[-1:]:
            last.setdefault(write.number, []).append(answer)
    numbers = itertools.count()
    found: dict[Key, Any] = {}

    def execute(statement: Statement, namespace: Namespace) -> None:
        written = last.get(next(numbers), ())
        statement.execute(namespace)
        for answer in written:
            root, path = tree.parsed(f"d{answer.writes[-1].name}")
            found[answer.key] = copied(tree.get(namespace.get(root), path))

    with contextlib.suppress(StatementError):
        returned = run(function, function.namespace(given), execute).value
        found |= _by_key(returned, problem, available)
    return found


def _by_key(returned: Any, problem: Problem, available: Mapping[str, Any]) -> dict[Key, Any]:
    return {
        (name, 0): leaf
        for root, value in by_name(returned, problem, available).items()
        for name, leaf in tree.named(root, value)
    }


@lru_cache(maxsize=1 << 6)
def _written(function: Function) -> frozenset[str]:
    """The names that some statement of a function writes to, itself."""
    return frozenset(
        name
        for node in function.nodes
        if isinstance(node, ast.stmt)
        for name, rebinds in touched_names(node).items()
        if rebinds is not None
    )


def _arrays(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays in these values, each as it is held."""
    return {
        key: leaf
        for name, value in given.items()
        for key, leaf in tree.named(name, value)
        if array(leaf) is not None
    }


def _unread(returned: Any) -> str | None:
    """What was returned, where that is neither a dict nor nothing."""
    if returned is None or isinstance(returned, dict):
        return None
    if isinstance(returned, (tuple, list)):
        return f"a {type(returned).__name__} of {len(returned)}"  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    name = type(returned).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _called(call: Call, given: Mapping[str, Any], passed: Mapping[str, Any]) -> BackwardRun:
    """A backward without statements: it is called, and what it returns is all there is."""
    arrays, pristine = _arrays(passed), _arrays(given)
    assert call.problem.backward is not None
    try:
        returned = call.problem.backward(**passed)
    except Exception as error:
        return BackwardRun(
            None, given, (), {}, (), error=StatementError(0, error), said=in_one_line(error)
        )
    damages = tuple(
        Damage(name, None, 0, 0)
        for name, value in arrays.items()
        if not unchanged(value, pristine[name])
    )
    found = by_name(returned, call.problem, given)
    return BackwardRun(None, given, (), found, damages, unread=_unread(returned))
