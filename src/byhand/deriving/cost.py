"""What a backward costs: the operations that it executes, and the arrays that are kept for it."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from byhand.deriving.derivation import Cost, Derivation
from byhand.deriving.flops import counting
from byhand.deriving.tally import Tally
from byhand.errors import ProblemError, UnsupportedError, in_one_line
from byhand.program.call import call_to
from byhand.program.control_flow import run
from byhand.program.functions import function_of
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.program.statements import Function, Namespace, Statement, StatementError
from byhand.program.trace import trace_problem
from byhand.values.arrays import as_torch, is_array, is_sequence, is_torch, speaks_torch


def cost(
    problem: Problem,
    inputs: Mapping[str, Any],
    backward: Derivation | str | Callable[..., Any],
    *,
    dialect: str | None = None,
) -> Cost:
    """What a backward costs on these inputs: a derived one, a source text, or `problem.backward`.

    `dialect` is what it is written in: that of forward, unless told otherwise.

    Raises ProblemError where forward or backward raises, UnsupportedError for a backward without
    Python statements.
    """
    program = trace_problem(problem, inputs)
    in_torch = dialect == "torch" if dialect else speaks_torch(inputs)
    function = backward_of(problem, backward, in_torch)
    known = available(problem, program, in_torch)
    given = call_to(problem, function).filled(known)
    tally = Tally()
    try:
        with np.errstate(all="ignore"), counting(tally, in_torch) as watched:
            _run(function, given, watched)
    except StatementError as error:
        assert error.__cause__ is not None
        raise ProblemError(
            f"{problem.where(error.line)}: backward raised {in_one_line(error.__cause__)}"
        ) from error.__cause__
    upstream = {f"d{step.name}" for step in program.outputs}
    inputs_kept = list(_arrays(v for name, v in given.items() if name in inputs))
    kept = list(
        _arrays(v for name, v in given.items() if name not in inputs and name not in upstream)
    )
    return Cost(tally.operations, len(kept), sum(kept), len(inputs_kept), sum(inputs_kept))


def backward_of(
    problem: Problem, backward: Derivation | str | Callable[..., Any], in_torch: bool
) -> Function:
    """A backward as its statements. Raises UnsupportedError for what has none."""
    if isinstance(backward, Derivation):
        backward = backward.source
    if not isinstance(backward, str):
        try:
            return function_of(backward, problem.tree)
        except ProblemError as error:
            raise UnsupportedError(
                f"{problem.file}: the operations of backward can't be counted: {error}"
            ) from None
    tree = ast.parse(backward)
    modules = {"np": np, "torch": importlib.import_module("torch")} if in_torch else {"np": np}
    namespace = {**modules, **problem.forward.globals, **problem.forward.closure}
    exec(compile(tree, "<backward>", "exec"), namespace)
    return function_of(namespace["backward"], tree)


def available(problem: Problem, program: Program, in_torch: bool) -> dict[str, Any]:
    """What a backward can ask for, as copies: forward's locals, and the upstream gradients."""
    upstream = zip(program.outputs, program.upstream(1), strict=True)
    known = {f"d{step.name}": g for step, g in upstream} | dict(program.locals)
    return {name: _copied(value, in_torch) for name, value in known.items()}


def _copied(value: Any, in_torch: bool) -> Any:
    if is_sequence(value):
        return type(value)(_copied(item, in_torch) for item in value)
    if is_torch(value):
        return value.detach().clone() if in_torch else value.detach().numpy().copy()
    if is_array(value):
        return as_torch(value) if in_torch else value.copy()
    return value


def _run(function: Function, given: Mapping[str, Any], watched: Callable[[Any], Any]) -> None:
    """Runs the backward; what its statements make is watched from then on."""

    def execute(statement: Statement, namespace: Namespace) -> None:
        statement.execute(namespace)
        for name in _stored(statement.node):
            if name in namespace:
                namespace[name] = watched(namespace[name])

    namespace = function.namespace(given)
    run(function, {name: watched(value) for name, value in namespace.items()}, execute)


def _stored(node: ast.stmt) -> Iterator[str]:
    """The names that a statement binds."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id


def _arrays(values: Iterator[Any]) -> Iterator[int]:
    """The bytes of each array among the values, and in lists of them."""
    for value in values:
        if is_sequence(value):
            yield from _arrays(iter(value))
        elif is_array(value) or is_torch(value):
            yield int(value.nbytes)
