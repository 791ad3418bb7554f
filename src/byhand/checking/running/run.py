"""Running a hand-written backward, statement by statement where it is a plain Python function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from byhand.checking.running.advice import KnownNames, explained
from byhand.checking.running.backward_run import BackwardRun, Damage
from byhand.checking.running.recorder import Recorder
from byhand.errors import ProblemError
from byhand.program.control_flow import run
from byhand.program.functions import function_of
from byhand.program.problem import Problem, did_you_mean, in_one_line
from byhand.program.statements import Function, StatementError
from byhand.values import tree
from byhand.values.arrays import Array
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
    assert problem.backward is not None
    function = backward_function(problem)
    given = arguments(problem, function, available, upstream)
    passed = copied(given)
    if function is None:
        return _call(problem.backward, given, passed)
    names = KnownNames(function, frozenset({*available, *upstream}))
    recorder = Recorder(names, passed, _arrays(passed), _arrays(given), upstream, truth or {})
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
        _dict(returned),
        tuple(recorder.damages),
        *(error or (None, "")),
        unread=_unread(returned),
    )


def backward_function(problem: Problem) -> Function | None:
    """The backward taken apart; None for code without Python statements (compiled, a callable)."""
    try:
        return function_of(problem.backward, problem.tree)
    except ProblemError:
        if isinstance(problem.backward, type(function_of)):
            raise
        return None


def arguments(
    problem: Problem,
    function: Function | None,
    available: Mapping[str, Any],
    upstream: Mapping[str, Any],
) -> dict[str, Any]:
    """What backward's parameters are filled with: copies, so that it can't change the originals."""
    if function is None:
        signature = _signature(problem)
        parameters = tuple(signature)
        defaults = {n for n, p in signature.items() if p.default is not inspect.Parameter.empty}
        line = None
    else:
        parameters, defaults, line = function.parameters, set(function.defaults), function.line
    given: dict[str, Any] = {}
    for name in parameters:
        if name in available:
            given[name] = available[name]
        elif name in upstream:
            given[name] = upstream[name]
        elif name not in defaults:
            known = [*available, *upstream]
            raise ProblemError(
                f"{problem.where(line)}: backward asks for {name}, which is no input and no local "
                f"of forward{did_you_mean(name, known) or ': it can ask for ' + ', '.join(known)}"
            )
    return copied(given)  # at once: what two of them hold stays one


def _signature(problem: Problem) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(problem.backward).parameters  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        raise ProblemError(
            f"{problem.file}: what backward asks for can't be read: "
            "wrap it in a function that names its parameters"
        ) from None


def _arrays(given: Mapping[str, Any]) -> dict[str, Array]:
    return {
        key: found
        for name, value in given.items()
        for key, leaf in tree.named(name, value)
        if (found := array(leaf)) is not None
    }


def _dict(returned: Any) -> dict[str, Any]:
    return dict(returned) if isinstance(returned, dict) else {}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _unread(returned: Any) -> str | None:
    """What was returned, where that is neither a dict nor nothing."""
    if returned is None or isinstance(returned, dict):
        return None
    if isinstance(returned, (tuple, list)):
        return f"a {type(returned).__name__} of {len(returned)}"  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    name = type(returned).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _call(
    backward: Callable[..., Any], given: Mapping[str, Any], passed: Mapping[str, Any]
) -> BackwardRun:
    """A backward without statements: it is called, and what it returns is all there is."""
    arrays, pristine = _arrays(passed), _arrays(given)
    try:
        returned = backward(**passed)
    except Exception as error:
        return BackwardRun(None, given, (), {}, (), StatementError(0, error), in_one_line(error))
    damages = tuple(
        Damage(name, None, 0, 0)
        for name, value in arrays.items()
        if not unchanged(value, pristine[name])
    )
    return BackwardRun(None, given, (), _dict(returned), damages, unread=_unread(returned))
