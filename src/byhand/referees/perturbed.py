"""A forward run in plain NumPy or PyTorch, with something added to one of its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from byhand.errors import RefereeError
from byhand.program.control_flow import run
from byhand.program.follow import Follower
from byhand.program.problem import Problem
from byhand.program.statements import Function, Namespace, Returned, StatementError
from byhand.referees.bindings import (
    as_spoken,
    bind_walruses,
    bound_argument,
    explain,
    is_floats,
    put,
    returned_values,
    values_of,
    without_walruses,
)
from byhand.referees.rehearsal import Call, Rehearsal
from byhand.values import tree
from byhand.values.arrays import Array, is_array, is_torch


@dataclass(frozen=True, eq=False)
class _Start:
    """Where forward can be taken up: what is left of it, and what is known before that.

    `changeable` are the names whose values can be changed in place.
    """

    rest: Function
    namespace: Namespace
    changeable: tuple[str, ...]
    called: Mapping[str, int]

    def fresh(self) -> Namespace:
        return self.namespace | _copied({k: self.namespace[k] for k in self.changeable})


class Perturbed:
    """The forward of a problem, to be run again and again with one step changed.

    A run takes forward up at the statement (of its body itself, not inside a loop) that binds the
    step: what comes before stays the same. `outputs` are those of forward as it is.
    """

    def __init__(
        self,
        problem: Problem,
        inputs: Mapping[str, Any],
        upstream: Sequence[Array],
        rehearsal: Rehearsal,
    ) -> None:
        self.problem = problem
        self.forward = without_walruses(problem.forward)
        self.inputs = as_spoken(problem, inputs)
        self.upstream = [np.asarray(g, dtype=np.float64) for g in upstream]
        self.unnamed = rehearsal.unnamed
        self.starts: dict[Call, _Start | None] = {}  # None: from the inputs on
        self.outputs = self._run_first()

    def along(self, call: Call, way: Array) -> Callable[[float], float]:
        """The loss with `t * way` added to a step, less the loss as it is; NaN if that fails."""
        start = self.starts[call]

        def excess(t: float) -> float:
            follower = _Adding(call, t * way)
            if start is None:
                rest, namespace = self.forward, self._arguments(follower)
            else:
                rest, namespace = start.rest, start.fresh()
                follower.called = dict(start.called)
            bind_walruses(follower, self.forward, namespace)
            try:
                returned = run(rest, namespace, follower.execute)
            except StatementError:
                return float("nan")
            return self._difference(self._outputs(returned, follower))

        return excess

    def _difference(self, outputs: list[Array]) -> float:
        # Subtracting before adding up leaves out the rounding of all that didn't change.
        total = 0.0
        for now, before, g in zip(outputs, self.outputs, self.upstream, strict=True):
            if now.shape != before.shape:
                return float("nan")
            total += float(np.sum(np.where(now == before, 0.0, now - before) * g))
        return total

    def _run_first(self) -> list[Array]:
        """Runs forward as it is, and keeps the state before every statement."""
        forward, follower = self.forward, _Adding(None, None)
        namespace = self._arguments(follower)
        bind_walruses(follower, forward, namespace)
        start = None
        self._note(follower, start)
        returned = Returned(None, None, forward.line)
        for i, node in enumerate(forward.body):
            local = [k for k, v in namespace.items() if _is_local(k, v, forward)]
            if all(_can_be_copied(namespace[k]) for k in local):
                rest = replace(forward, body=forward.body[i:])
                changed = [k for k in local if _copied(namespace[k]) is not namespace[k]]
                start = _Start(rest, namespace, tuple(changed), dict(follower.called))
                start = replace(start, namespace=start.fresh())
            try:
                returned = run(replace(forward, body=(node,)), namespace, follower.execute)
            except StatementError as error:
                raise RefereeError(explain(self.problem, error)) from error.__cause__
            self._note(follower, start)
            if returned.node is not None:
                break
        outputs = self._outputs(returned, follower)
        self._note(follower, start)
        return outputs

    def _note(self, follower: _Adding, start: _Start | None) -> None:
        for name, count in follower.called.items():
            for i in reversed(range(count)):
                if (name, i) in self.starts:
                    break
                self.starts[name, i] = start

    def _arguments(self, follower: _Adding) -> Namespace:
        forward = self.forward
        arguments = {n: bound_argument(follower, n, value) for n, value in self.inputs.items()}
        given = {name: arguments[name] for name in forward.parameters if name in arguments}
        return forward.namespace(given)

    def _outputs(self, returned: Returned, follower: _Adding) -> list[Array]:
        values = list(returned_values(returned))
        for position, name in self.unnamed.items():
            values[position] = follower.bind_array(name, values[position], returned.line)
        return [values_of(value) for value in values]


class _Adding(Follower):
    """Adds `change` at one binding of a name to floats."""

    def __init__(self, target: Call | None, change: Array | None) -> None:
        self.target = target
        self.change = change
        self.called: dict[str, int] = {}

    def bind_array(self, name: str, value: Any, line: int) -> Any:
        count = self.called.get(name, 0)
        self.called[name] = count + 1
        if (name, count) != self.target:
            return value
        return value + (value.new_tensor(self.change) if is_torch(value) else self.change)

    def is_array(self, value: Any) -> bool:
        return is_floats(value) or isinstance(value, np.floating)

    def put(self, held: Any, index: Any, value: Any) -> Any:
        return put(held, index, value)


# The state between two statements. Float arrays that have a name are never changed in place by
# those who follow a forward; lists, arrays of other types and what is in objects may be, so every
# run gets its own.


def _copied(value: Any) -> Any:
    """A copy of all that can be changed, in which what was one object is one object again."""
    if is_floats(value):
        return value
    done: dict[int, Any] = {}

    def leaf(held: Any) -> Any:
        if id(held) not in done:
            done[id(held)] = _copied_leaf(held)
        return done[id(held)]

    return tree.map(leaf, value)


def _copied_leaf(value: Any) -> Any:
    if isinstance(value, set):
        return set(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if is_array(value):
        return value.copy()
    return value.clone() if is_torch(value) else value


_IMMUTABLE = (
    *(int, float, complex, str, bytes, slice, range, type, type(None), type(...)),
    *(FunctionType, BuiltinFunctionType, ModuleType, np.generic, np.dtype, np.ufunc),
)


def _can_be_copied(value: Any) -> bool:
    """Whether `_copied` knows all of `value`: an iterator, or a random generator, it doesn't."""
    return all(
        isinstance(leaf, (*_IMMUTABLE, np.ndarray, set, frozenset))
        or type(leaf).__module__.partition(".")[0] in ("torch", "jax", "jaxlib")
        for _, leaf in tree.leaves(value)
    )


def _is_local(name: str, value: Any, function: Function) -> bool:
    return not (
        name == "__builtins__"
        or (name in function.globals and function.globals[name] is value)
        or (name in function.closure and function.closure[name] is value)
    )
