"""Forwards that are written for the sake of another gradient than their own.

One that rounds, compares or picks is constant nearly everywhere: its gradient is 0, and backward is
meant to give that of a smooth function in its place (straight-through estimators: Bengio, Leonard
and Courville, arXiv 1308.3432). One that hands its input on unchanged is there to turn, scale or
cut what comes back (Ganin and Lempitsky, arXiv 1409.7495). What is meant is for its author to say:
that backward isn't forward's derivative makes it neither right nor wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from byhand.checking.report import Report, Row
from byhand.checking.sampling.sample_inputs import Draw, draw
from byhand.engine.tensor import Tensor
from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.program.trace import trace_problem
from byhand.values.arrays import Array, as_torch, is_torch

FAR = 3.0
"""Of the largest element: how far an input is moved to see whether forward depends on it."""

MEANT = "if its backward is meant to be another function's, give a reference whose gradient that is"
STRAIGHT = {
    "torch": "x + (torch.round(x) - x).detach()",
    "jax": "x + jax.lax.stop_gradient(jnp.round(x) - x)",
}
"""Functions whose gradient is 1, in the libraries that people write such backwards for."""


def unjudged_where_meant(
    report: Report, problem: Problem, seed: int, referred: bool = False
) -> Report:
    """The report, with the gradients `unjudged` that are meant to be another function's than those
    of forward. Where a reference was `referred` to, its gradient is what is meant, if it has any.
    """
    wrong = {row.name for row in report.rows if row.verdict in ("wrong", "inherited")}
    if report.ok or not wrong:
        return report
    try:
        with np.errstate(all="ignore"), problem.in_double():
            drawn = draw(problem, {}, "float64", seed)
            why = {name: _why(problem, drawn, name, referred) for name in wrong}
    except ProblemError:
        return report
    inputs = {step.name for step in drawn.truth.inputs}
    such = f", such as {STRAIGHT['jax' if problem.in_jax else 'torch']}"
    if not any(why[name] for name in wrong & inputs):
        return report

    def of(row: Row) -> Row:
        said = why.get(row.name)
        if said is None:
            return row
        if row.name in inputs:
            said = f"{said}; {MEANT}{'' if 'unchanged' in said else such}"
        return replace(row, verdict="unjudged", note=said, mistake=None, mismatch=None)

    rows = tuple(map(of, report.rows))
    return replace(report, rows=rows, roots=tuple(n for n in report.roots if not why.get(n)))


def rounds(problem: Problem, seed: int) -> bool:
    """Whether forward rounds on purpose, so that differences of it say nothing of slopes."""
    try:
        with np.errstate(all="ignore"), problem.in_double():
            program = draw(problem, {}, "float64", seed).truth
    except ProblemError:
        return False
    rounded = any(step.tensor.op is not None and step.tensor.op.name == "rint" for step in program)
    return rounded or any(kind.startswith("float8") for _, kind in program.casts)


def _why(problem: Problem, drawn: Draw, name: str, referred: bool) -> str | None:
    """What forward does to a value that hides its gradient; None if it is to be judged."""
    steps = drawn.truth.bindings.get(name, ())
    if not steps:
        return None
    tensor = steps[0].tensor
    if not referred and name in drawn.inputs and _hands_on(drawn, tensor.value):
        return f"forward hands {name} on unchanged, and backward changes the gradient"
    if any(each.op is not None and each.op.name == "rint" for each in _after(tensor, drawn)):
        return f"forward rounds what it makes of {name}, and a rounding has no slope"
    true = drawn.true_gradients.get(tensor)
    if true is not None and true.value.any():
        return None
    if name in drawn.inputs and not _depends(problem, drawn, name):
        return None
    return f"forward is constant nearly everywhere in {name}: its gradient is 0"


def _after(tensor: Tensor, drawn: Draw) -> Iterator[Tensor]:
    """The tensors on the ways from one to the outputs."""
    reached: dict[Tensor, bool] = {tensor: True}

    def reaches(each: Tensor) -> bool:
        if each not in reached:
            args = [reaches(arg) for arg in each.parents]
            reached[each] = any(args)
        return reached[each]

    for step in drawn.truth.outputs:
        reaches(step.tensor)
    yield from (each for each, is_one in reached.items() if is_one and each is not tensor)


def _hands_on(drawn: Draw, value: Array) -> bool:
    return any(np.array_equal(step.value, value) for step in drawn.truth.outputs)


def _depends(problem: Problem, drawn: Draw, name: str) -> bool:
    """Whether forward gives something else where an input is far from what it is."""
    rng = np.random.default_rng([drawn.seed, 8])
    moved = trace_problem(problem, {**drawn.inputs, name: _moved(drawn.inputs[name], rng)})
    pairs = zip(drawn.truth.outputs, moved.outputs, strict=True)
    return any(not np.array_equal(a.value, b.value, equal_nan=True) for a, b in pairs)


def _moved(value: Any, rng: np.random.Generator) -> Any:
    held = np.asarray(value, dtype=np.float64)
    size = float(np.max(np.abs(held), initial=0.0)) or 1.0
    moved = held + FAR * size * rng.normal(size=held.shape)
    return as_torch(moved) if is_torch(value) else moved
