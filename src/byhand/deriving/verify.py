"""No backward is given out that wasn't run: its gradients must be the engine's, at other sizes too.

It is a check of the deriver, not of anybody's work, so all it says is that it won't do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from byhand.deriving.derivation import Derivation
from byhand.engine.backward import gradients
from byhand.errors import ProblemError, UnsupportedError, in_one_line
from byhand.program.call import answers_in
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.values import tree
from byhand.values.arrays import as_torch, is_array, is_sequence, is_torch

TOLERANCE = 1e-6  # a wrong statement is wrong by far more, and rounding by far less


def verify(
    problem: Problem, inputs: Mapping[str, Any], derivation: Derivation, dialect: str | None = None
) -> None:
    """Raises UnsupportedError if the derived backward doesn't give forward's gradients.

    `dialect` is what it is written in, if not in that of forward.
    """
    said = difference(problem, inputs, derivation, dialect)
    if said:
        raise UnsupportedError(f"{problem.file}: this forward can't be derived: {said}")
    if derivation.fixed_sizes:
        return
    for sizes, others in other_sizes(problem):
        if all(others[name] is value for name, value in inputs.items() if name in others):
            continue  # the same arrays again
        said = difference(problem, others, derivation, dialect)
        if said and sizes:
            at = ", ".join(f"{name}={size}" for name, size in sizes.items())
            said = (
                f"at {at} {said} (a size that forward has no name for: give it one, such as "
                "n = x.shape[0])"
            )
        if said:
            other = "" if sizes else "with other inputs "
            raise UnsupportedError(f"{problem.file}: this forward can't be derived: {other}{said}")


def other_sizes(problem: Problem) -> Iterator[tuple[dict[str, int], dict[str, Any]]]:
    """Other sizes that forward takes, and other inputs, of these sizes; just those without any."""
    dimensions = list(problem.dimensions.items())
    for seed, step in ((1, 1), (2, 0)) if dimensions else ((1, 0),):
        sizes = {name: size + 1 + step * k for k, (name, size) in enumerate(dimensions)}
        try:
            others = problem.inputs(seed, **sizes)
            trace_problem(problem, others)
        except ProblemError:
            continue  # not inputs for this forward
        yield sizes, others


def difference(
    problem: Problem, inputs: Mapping[str, Any], derivation: Derivation, dialect: str | None
) -> str:
    """What is wrong with the backward on these inputs, or nothing."""
    with np.errstate(all="ignore"):
        program = trace_problem(problem, inputs)
        upstream = program.upstream(1)
        seeds = [(step.tensor, g) for step, g in zip(program.outputs, upstream, strict=True)]
        truth = gradients(seeds)
        try:
            answers = run(problem, program, derivation, upstream, dialect)
        except Exception as error:
            return f"the statements raise {in_one_line(error)}"
    for step in program:
        answer = answers.get(step.name)
        if answer is None or len(program.bindings[step.name]) > 1:
            continue
        expected = truth.get(step.tensor, np.zeros_like(step.value))
        got = np.asarray(answer.detach().numpy() if is_torch(answer) else answer)
        if got.shape != expected.shape:
            return f"d{step.name} has the shape {got.shape}, not {expected.shape}"
        largest = float(np.max(np.abs(expected), initial=0.0))
        if not np.allclose(
            got, expected, rtol=0, atol=TOLERANCE * max(largest, 1e-3), equal_nan=True
        ):
            return f"d{step.name} isn't right"
    return ""


def run(
    problem: Problem,
    program: Program,
    derivation: Derivation,
    upstream: tuple[Any, ...],
    dialect: str | None = None,
) -> dict[str, Any]:
    """The gradients that the backward gives, by name. `dialect` as in `verify`."""
    namespace = dict(problem.forward.globals) | dict(problem.forward.closure)
    namespace.setdefault("np", np)
    in_torch = program.in_torch if dialect is None else dialect == "torch"
    if in_torch:
        namespace["torch"] = import_module("torch")
    source = derivation.source.rstrip() + "\n    return dict(locals())\n"
    exec(compile(source, "<derived>", "exec"), namespace)
    known = dict(program.locals)
    known |= {f"d{step.name}": g for step, g in zip(program.outputs, upstream, strict=True)}
    known = {name: _spoken(value, in_torch) for name, value in known.items()}
    found = namespace["backward"](**{name: known[name] for name in derivation.parameters})
    return by_leaf(answers_in(found, None))


def by_leaf(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Gradients `dW`, `dhs` by the names of what they belong to: `W`, `hs[0]`, `hs[1]`."""
    return {key: leaf for d, held in answers.items() for key, leaf in tree.named(d[1:], held)}


def _spoken(value: Any, in_torch: bool) -> Any:
    """A value of forward as this dialect has it."""
    if is_sequence(value):
        return type(value)(_spoken(item, in_torch) for item in value)
    if in_torch:
        return as_torch(value) if is_array(value) else value
    return value.detach().numpy() if is_torch(value) else value
