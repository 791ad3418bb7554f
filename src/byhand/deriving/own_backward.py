"""The backward that a problem file has, beside the one that was derived from its forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from byhand.deriving.cost import available, cost
from byhand.deriving.derivation import Cost, Derivation, Yours
from byhand.deriving.derive import can_run
from byhand.deriving.verify import by_leaf, run
from byhand.errors import ProblemError, UnsupportedError, in_one_line
from byhand.program.call import call_of
from byhand.program.problem import Problem
from byhand.program.program import Program, Step
from byhand.program.statements import StatementError
from byhand.program.trace import trace_problem
from byhand.referees.engine import engine
from byhand.referees.referee import Gradient
from byhand.values import tree
from byhand.values.arrays import is_torch, speaks_torch

ROUNDING = 64  # times the engine's bound: two forms may add the same up in other orders


def compared(
    problem: Problem,
    inputs: Mapping[str, Any],
    derivation: Derivation,
    names: Sequence[str] | None = None,
    dialect: str | None = None,
) -> Yours | None:
    """Compares the problem's own backward with a derived one.

    `names` and `dialect` are what was derived with. None where there is no own backward, or where
    the derived one can't be run.
    """
    if problem.backward is None or not can_run(inputs, dialect):
        return None
    with np.errstate(all="ignore"):
        program = trace_problem(problem, inputs)
        upstream = program.upstream(1)
        derived = run(problem, program, derivation, upstream, dialect)
        try:
            yours = _answers(problem, inputs, program)
            taken = _cost(problem, inputs) if names is None else None
        except ProblemError as error:
            return Yours(raised=str(error).removeprefix(f"{problem.file}: "))
        steps = [step for step in _wanted(problem, program, names) if step.name in derived]
        known = engine(problem, inputs, [(s.name, s.binding) for s in steps], upstream)
    missing = tuple(step.name for step in steps if step.name not in yours)
    differ = tuple(
        step.name
        for step in steps
        if step.name in yours
        and not _same(yours[step.name], derived[step.name], known[step.name, step.binding])
    )
    return Yours(differ, missing, cost=taken)


def _wanted(problem: Problem, program: Program, names: Sequence[str] | None) -> list[Step]:
    """The steps whose gradients were asked for, but for those with a name that has several."""
    if names is None:
        found = [s for s in program.inputs if tree.root(s.name) not in problem.data]
    else:
        found = [s for s in program if s.name in names or tree.root(s.name) in names]
    return [step for step in found if len(program.bindings[step.name]) == 1]


def _answers(problem: Problem, inputs: Mapping[str, Any], program: Program) -> dict[str, Any]:
    """The gradients that the problem's backward gives, by name.

    Raises ProblemError if it raises or asks for what isn't there.
    """
    call = call_of(problem)
    try:
        given = call.filled(available(problem, program, speaks_torch(inputs)))
        return by_leaf(call.answers(given))
    except StatementError as error:
        assert error.__cause__ is not None
        where = f"in line {error.line} " if error.line else ""
        said = in_one_line(error.__cause__)
        raise ProblemError(f"{where}it raises {said}") from error.__cause__


def _cost(problem: Problem, inputs: Mapping[str, Any]) -> Cost | None:
    assert problem.backward is not None
    try:
        return cost(problem, inputs, problem.backward)
    except UnsupportedError:
        return None


def _same(one: Any, other: Any, known: Gradient) -> bool:
    """Whether two gradients are the same, but for rounding in the coarser of their dtypes."""
    a, b = (np.asarray(x.detach().numpy() if is_torch(x) else x) for x in (one, other))
    if a.shape != b.shape or {a.dtype.kind, b.dtype.kind} != {"f"}:
        return False
    coarser = max(np.finfo(a.dtype).eps, np.finfo(b.dtype).eps) / np.finfo(np.float64).eps
    allowed = ROUNDING * float(coarser) * known.error
    with np.errstate(all="ignore"):
        return bool(np.all((np.abs(a - b) <= allowed) | (np.isnan(a) & np.isnan(b)) | (a == b)))
