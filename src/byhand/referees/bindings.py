"""The steps of a forward that runs on a referee's arrays, numbered as the tracer numbers them."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np

from byhand.errors import ByhandError, RefereeError
from byhand.program.control_flow import run
from byhand.program.follow import Follower
from byhand.program.problem import Problem
from byhand.program.scopes import walruses
from byhand.program.statements import (
    Function,
    Namespace,
    Returned,
    Statement,
    StatementError,
)
from byhand.referees.namespace import Library, LibraryArray
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.arrays import Array, is_array, is_float_array, is_jax, is_sequence, is_torch


class Bindings(Follower):
    """Follows a forward and keeps every step, the inputs first, as an array of the referee's.

    Names may also be bound to floats that are no steps, as no array was involved (`np.sqrt(2.0)`):
    these are left as they are, but counted, so that `calls` can say of every step which of all the
    bindings of its name it is.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.steps: dict[Key, Any] = {}
        self.inputs: list[Key] = []
        self.calls: dict[Key, tuple[str, int]] = {}
        self.unnamed: dict[int, str] = {}
        self._bound: dict[str, int] = {}
        self._called: dict[str, int] = {}
        self._values: dict[Key, Any] = {}
        self._named: set[int] = set()  # ids; `steps` keeps what they are the ids of

    # What depends on the referee.

    @abstractmethod
    def is_step(self, value: Any) -> bool:
        """Whether a name bound to `value` is a step."""

    @abstractmethod
    def lend(self, value: Any) -> Any:
        """A float array of the problem's as an array of the referee's."""

    def step(self, key: Key, array: Any) -> Any:
        """What the name holds from then on: this, or something else of the same value."""
        return array

    # Following.

    def keeps(self, name: str) -> bool:
        return tree.root(name) in self.problem.kept

    def outputs(self, inputs: Mapping[str, Any]) -> tuple[Any, ...]:
        """Runs forward: the arrays it returns. Raises RefereeError, with the line, if it can't."""
        forward = without_walruses(self.problem.forward)
        inputs = as_spoken(self.problem, inputs)
        arguments = {n: bound_argument(self, n, value) for n, value in inputs.items()}
        self.inputs = list(self.steps)
        given = {name: arguments[name] for name in forward.parameters if name in arguments}
        namespace = forward.namespace(given)
        bind_walruses(self, forward, namespace)
        try:
            returned = run(forward, namespace, self.execute)
        except StatementError as error:
            raise RefereeError(explain(self.problem, error)) from error.__cause__
        self._refuse_changed()
        return tuple(
            self._output(i, value, returned.line)
            for i, value in enumerate(returned_values(returned))
        )

    def _refuse_changed(self) -> None:
        """Refuses steps that a function which forward calls has changed in place."""
        for (name, _), array in self.steps.items():
            if getattr(array, "value", None) is not self._values[name, _]:
                raise RefereeError(
                    f"{self.problem.file}: a function that forward calls changes {name} in place, "
                    "which this referee can't follow: use --referee engine"
                )

    def is_array(self, value: Any) -> bool:
        return self.is_step(value) or isinstance(value, np.floating)

    def bind_array(self, name: str, value: Any, line: int) -> Any:
        call = (name, self._called.get(name, 0))
        self._called[name] = call[1] + 1
        if not self.is_step(value):
            return value
        key = (name, self._bound.get(name, 0))
        self._bound[name] = key[1] + 1
        self.calls[key] = call
        self.steps[key] = array = self.step(key, self.lend(value))
        self._values[key] = getattr(array, "value", None)
        self._named.add(id(array))
        return array

    def _output(self, position: int, value: Any, line: int) -> Any:
        """A returned number without a name is a step too: `loss`, or `return` if that is taken."""
        if not self.is_step(value):
            raise RefereeError(
                f"{self.problem.where(line)}: forward returns a {type(value).__name__}, which "
                "doesn't depend on a float input: return a loss, or arrays by name"
            )
        if id(value) in self._named or len(value.shape) > 0:
            return value
        self.unnamed[position] = name = "loss" if "loss" not in self._bound else "return"
        return self.bind_array(name, value, line)


class Borrowed(Bindings):
    """A NumPy forward on the arrays of a library."""

    def __init__(self, problem: Problem, library: Library) -> None:
        super().__init__(problem)
        self.library = library

    def is_step(self, value: Any) -> bool:
        return isinstance(value, LibraryArray) or is_float_array(value)

    def lend(self, value: Any) -> Any:
        return self.library.lend(value)

    def put(self, held: Any, index: Any, value: Any) -> Any:
        return self.library.put(self.lend(held), index, value)


# Walruses. Where `(d := a * b)` is used in its own statement, the follower comes too late to change
# what d is. So the referees follow a forward in which it is a call that binds d there and then.


class _WalrusCalls(ast.NodeTransformer):
    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.Call:
        call = ast.Call(
            ast.Name(_WALRUS, ast.Load()),
            [ast.Constant(node.target.id), self.visit(node.value)],
            [],
        )
        return ast.fix_missing_locations(ast.copy_location(call, node))


_WALRUS = "__walrus__"


@lru_cache(maxsize=16)
def without_walruses(function: Function) -> Function:
    if not any(map(walruses, function.body)):
        return function
    return replace(
        function, body=tuple(_WalrusCalls().visit(deepcopy(node)) for node in function.body)
    )


def bind_walruses(follower: Follower, function: Function, namespace: Namespace) -> None:
    """Makes the walruses of `function` bind their names in `namespace`."""

    def bound(name: str, value: Any) -> Any:
        namespace[name] = follower.bind(name, value, Statement(function.body[0], function.file))
        return namespace[name]

    namespace[_WALRUS] = bound


def as_spoken(problem: Problem, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Inputs in the arrays that forward works with: JAX's where it is written in that."""
    if not problem.in_jax:
        return inputs
    return import_module("byhand.jax_dialect.arrays").in_jax(dict(inputs))


def bound_argument(follower: Follower, name: str, value: Any) -> Any:
    """An input as forward may have it, every float array in it bound under its own name."""

    def leaf(path: tree.Path, held: Any) -> Any:
        held = argument(held)
        return follower.bind_array(tree.text(name, path), held, 0) if is_floats(held) else held

    return tree.map_with_path(leaf, value)


def argument(value: Any) -> Any:
    """An input as forward may have it: a copy, and an array for a Python float."""
    if isinstance(value, (float, np.floating)):
        return np.asarray(value)
    if is_array(value):
        return value.copy()
    return value.detach().clone() if is_torch(value) else value


def put(held: Any, index: Any, value: Any) -> Any:
    """A copy of an array of NumPy's or PyTorch's with `held[index] = value`."""
    changed = held.clone() if is_torch(held) else held.copy()
    changed[index] = value
    return changed


def is_floats(value: Any) -> bool:
    """Whether `value` is an array of floats, of NumPy's, PyTorch's or JAX's."""
    if is_jax(value):
        return value.dtype.kind == "f" or value.dtype.name == "bfloat16"
    return is_float_array(value) or (is_torch(value) and value.is_floating_point())


def values_of(array: Any) -> Array:
    """The plain values of an array of NumPy's, PyTorch's, JAX's, or a LibraryArray on NumPy."""
    if isinstance(array, LibraryArray):
        array = array.value
    return np.array(array.detach().numpy() if is_torch(array) else array)


def returned_values(returned: Returned) -> tuple[Any, ...]:
    return tuple(returned.value) if is_sequence(returned.value) else (returned.value,)


def explain(problem: Problem, error: StatementError) -> str:
    """One line on what went wrong when forward ran on a referee's arrays."""
    cause = error.__cause__
    what = str(cause) if isinstance(cause, ByhandError) else f"{type(cause).__name__}: {cause}"
    source = problem.forward.source(error.line)
    return f"{problem.where(error.line)}: {' '.join(what.split())}  (in `{source}`)"


def missing(problem: Problem, key: Key) -> RefereeError:
    """For a step that a referee didn't meet on its own way through forward."""
    name, binding = key
    return RefereeError(
        f"{problem.file}: binding {binding + 1} of {name} isn't there when forward runs on this "
        "referee's arrays: use --referee engine"
    )


def cannot_differentiate(problem: Problem, library: str, error: Exception) -> RefereeError:
    """For a forward that runs in a library, but that it has no gradient of."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return RefereeError(
        f"{problem.file}: {library} can't differentiate this forward ({lines[0]}): "
        "use --referee finite"
    )
