"""A forward run in plain NumPy or PyTorch, with something added to one of its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, TypeAlias

import numpy as np

from byhand.errors import RefereeError
from byhand.program.follow import Follower
from byhand.program.problem import Problem
from byhand.program.statements import Function, Namespace, Returned, StatementError, run
from byhand.referees.bindings import (
    Key,
    argument,
    explain,
    in_torch,
    is_float_array,
    is_tensor,
    returned_values,
    values_of,
)
from byhand.referees.namespace import Array
from byhand.referees.rehearsal import Call, Rehearsal


@dataclass(frozen=True)
class _Start:
    """Where forward can be taken up: before one of its statements, with the names bound so far."""

    rest: Function
    namespace: Namespace
    called: Mapping[str, int]


class Perturbed:
    """The forward of a problem, to be run again and again with one step changed.

    A run starts at the statement (of the body itself, not inside a loop) that binds the step: what
    comes before it stays the same. `rounding` is that of adding up the outputs once.
    """

    def __init__(
        self,
        problem: Problem,
        inputs: Mapping[str, Any],
        upstream: Sequence[Array],
        rehearsal: Rehearsal,
    ) -> None:
        self.problem = problem
        self.inputs = inputs
        self.rehearsal = rehearsal
        self.upstream = [np.asarray(g, dtype=np.float64) for g in upstream]
        self.starts: list[_Start] = []
        self.started: dict[Call, int] = {}
        self.outputs = self._first_run()
        if not all(np.isfinite(output).any() or not output.size for output in self.outputs):
            raise RefereeError(
                f"{problem.file}: forward returns no finite number: finite differences need one"
            )
        terms = [np.nan_to_num(o * g, posinf=0.0, neginf=0.0).ravel() for o, g in self._weighted()]
        self.rounding = float(np.finfo(np.float64).eps * np.linalg.norm(np.concatenate(terms)))

    def along(self, key: Key, way: Array) -> Callable[[float], float]:
        """The loss with `t * way` added to a step, less the loss as it is; NaN where forward fails."""
        call = self.rehearsal.calls[key]

        def excess(t: float) -> float:
            try:
                outputs = self._run(call, t * way)
            except (StatementError, RefereeError):
                return float("nan")
            total = 0.0
            for now, before, g in zip(outputs, self.outputs, self.upstream, strict=True):
                if now.shape != before.shape:
                    return float("nan")
                change = np.where(now == before, 0.0, now - before)
                total += float(np.sum(change * g))
            return total

        return excess

    def _weighted(self) -> list[tuple[Array, Array]]:
        return list(zip(self.outputs, self.upstream, strict=True))

    def _first_run(self) -> list[Array]:
        """Runs forward as it is and keeps its state before every statement."""
        function = self.problem.forward
        follower = _Adding({})
        namespace = self._arguments(follower)
        for name in follower.called:
            self.started[name, 0] = 0
        for i, node in enumerate(function.body):
            rest = replace(function, body=function.body[i:])
            self.starts.append(_Start(rest, _copied(namespace, {}), dict(follower.called)))
            before = dict(follower.called)
            try:
                returned = run(replace(function, body=(node,)), namespace, follower.execute)
            except StatementError as error:
                raise RefereeError(explain(self.problem, error)) from error.__cause__
            at = i if _can_be_copied(self.starts[i].namespace, function) else 0
            for name, count in follower.called.items():
                for call in range(before.get(name, 0), count):
                    self.started[name, call] = at
            if returned.node is not None:
                break
        else:
            raise RefereeError(f"{self.problem.where(function.line)}: forward returns nothing")
        for position, name in self.rehearsal.unnamed.items():
            self.started[name, follower.called.get(name, 0)] = len(self.starts) - 1
        return self._outputs(returned, follower)

    def _run(self, target: Call, change: Array) -> list[Array]:
        follower = _Adding({}, target, change)
        if target[1] == 0 and target[0] in self._input_names:
            namespace, rest = self._arguments(follower), self.problem.forward
        else:
            start = self.starts[self.started[target]]
            follower.called = dict(start.called)
            namespace, rest = _copied(start.namespace, {}), start.rest
        return self._outputs(run(rest, namespace, follower.execute), follower)
