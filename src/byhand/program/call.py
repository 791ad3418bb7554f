"""Calling a hand-written backward: what it asks for, what that is filled with, what it answers.

A parameter is filled, by name, with an input, a local of forward, or the gradient `d<output>`; else
with its default. An answer is a local `d<name>`, or an item of a returned dict.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType, MappingProxyType
from typing import Any

from byhand.errors import ProblemError
from byhand.program.control_flow import run_plainly
from byhand.program.dict_displays import in_displays
from byhand.program.functions import function_of
from byhand.program.problem import Problem, did_you_mean
from byhand.program.returned_by_key import (
    by_parameter,
    key_in,
    keys_of_dicts,
    keys_of_parameters,
)
from byhand.program.returned_dict import named_by, spelled_out
from byhand.program.statements import Function, StatementError
from byhand.program.time_steps import renamed
from byhand.program.widened_function import widened_function


@dataclass(frozen=True, eq=False)
class Call:
    """How the backward of a problem is called.

    `function` is backward taken apart; None for code without Python statements, such as a compiled
    one. `defaults` are those of the parameters that may be left out. `called` says what some of its
    locals are in the file, such as an item of a dict.
    """

    problem: Problem
    function: Function | None
    parameters: tuple[str, ...]
    defaults: Mapping[str, Any]
    called: Mapping[str, str] = field(default_factory=dict[str, str])

    def filled(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """What of `known` backward is given; parameters that stay at their defaults are left out.

        Raises ProblemError if it asks for anything else.
        """
        for name in self.parameters:
            if name not in known and name not in self.defaults:
                line = None if self.function is None else self.function.line
                advice = did_you_mean(name, known) or ": it can ask for " + ", ".join(known)
                neither = "which is neither an input nor a local of forward"
                where = self.problem.where(line)
                raise ProblemError(f"{where}: backward asks for {name}, {neither}{advice}")
        return {name: known[name] for name in self.parameters if name in known}

    def answers(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Runs backward: its answers, `dW` and others, as they are at the end.

        Raises StatementError, or where it has no statements whatever it raises.
        """
        if self.function is None:
            try:
                assert self.problem.backward is not None
                return answers_in({}, self.problem.backward(**given), self.problem)
            except Exception as error:
                raise StatementError(0, error) from error
        returned, namespace = run_plainly(self.function, given)
        return answers_in(namespace, returned.value, self.problem)


def call_of(problem: Problem) -> Call:
    """How the backward of a problem is called. Raises ProblemError if that can't be known."""
    backward = problem.backward
    if backward is None:
        raise ProblemError(f"{problem.file}: has no backward (`byhand derive` prints one)")
    try:
        function = function_of(backward, problem.tree)
    except ProblemError:
        if isinstance(backward, FunctionType):
            raise
        parameters = _signature(problem)
        defaults = {n: p.default for n, p in parameters.items() if p.default is not p.empty}
        return Call(problem, None, tuple(parameters), defaults)
    function = in_displays(renamed(function, problem.renamed))
    function = by_parameter(function, keys_of_parameters(problem.forward))
    found = spelled_out(function, known_to(problem))
    called = {name: local for local, name in problem.renamed.items()} | {**found.called}
    function = widened_function(found.function) if problem.wide else None
    return replace(call_to(problem, function or found.function), called=called)


def call_to(problem: Problem, function: Function) -> Call:
    """How one backward among several of a problem is called."""
    return Call(problem, function, function.parameters, function.defaults)


def answers_in(
    namespace: Mapping[str, Any], returned: Any, problem: Problem | None = None
) -> dict[str, Any]:
    """The answers `d<name>` among the locals of a backward, and in the dict that it returned."""
    found = {name: value for name, value in namespace.items() if name.startswith("d")}
    return found | {f"d{name}": value for name, value in by_name(returned, problem).items()}


def known_to(problem: Problem) -> frozenset[str]:
    """The names of forward's inputs and locals."""
    return frozenset({*problem.forward.parameters, *problem.forward.own})


def by_name(
    returned: Any, problem: Problem | None, given: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """The gradients in a returned dict by what they are the gradients of, which may be said as
    "W" or as "dW", and stands in a dict where forward reads `params["W"]`, or is `given` one; none
    where something else was returned."""
    if not isinstance(returned, dict):
        return {}
    known = frozenset[str]() if problem is None else known_to(problem)
    keys: Mapping[str, str] = {}
    if problem is not None:
        keys = {**keys_of_dicts(problem.forward, given), **keys_of_parameters(problem.forward)}
    named: dict[str, Any] = returned  # pyright: ignore[reportUnknownVariableType]
    found: dict[str, Any] = {}
    for said, value in named.items():
        name, key = named_by(said, known), key_in(said, keys)
        if name in known or key is None:
            found[name] = value
        else:
            found[keys[key]] = {**found.get(keys[key], {}), key: value}
    return found


def _signature(problem: Problem) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(problem.backward).parameters  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        raise ProblemError(
            f"{problem.file}: what backward asks for can't be read: "
            "wrap it in a function that names its parameters"
        ) from None
