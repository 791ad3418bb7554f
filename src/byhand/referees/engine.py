"""The engine as a referee: reverse-mode autograd, with a bound on its own rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from byhand.engine.backward import gradients
from byhand.engine.bounded import Bounded, bounds
from byhand.ops.op import Array
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.referees.referee import Gradient, Key


def engine(
    problem: Problem, inputs: Mapping[str, Any], steps: Sequence[Key], upstream: Sequence[Array]
) -> Mapping[Key, Gradient]:
    """The gradients by one sweep over the traced forward (see `Referee`)."""
    known = sweep(trace_problem(problem, inputs), upstream)
    eps = np.finfo(np.float64).eps
    return {key: Gradient(known[key].value, eps * known[key].error) for key in steps}


def sweep(program: Program, upstream: Sequence[Array]) -> Mapping[Key, Bounded]:
    """The gradient of every step of `program`, and how many units rounding may put into it."""
    forward = bounds([step.tensor for step in program])
    seeds = [
        (step.tensor, Bounded(g, np.zeros_like(g)))
        for step, g in zip(program.outputs, upstream, strict=True)
    ]
    found = gradients(seeds, forward.__getitem__)
    return {
        (step.name, step.binding): found[step.tensor] if step.tensor in found else _zeros(step.value)
        for step in program
    }


def _zeros(value: Array) -> Bounded:
    return Bounded(np.zeros_like(value), np.zeros_like(value))
