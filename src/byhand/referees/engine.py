"""The engine as a referee: reverse-mode autograd, with a bound on its own rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from byhand.engine.backward import gradients
from byhand.engine.bounded import Bounded, bounds
from byhand.engine.tensor import Tensor
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.referees.referee import Gradient, Key
from byhand.values.arrays import Array

_NO_FEEDS: Mapping[Key, Array] = {}


def engine(
    problem: Problem, inputs: Mapping[str, Any], steps: Sequence[Key], upstream: Sequence[Array]
) -> Mapping[Key, Gradient]:
    """The gradients by one sweep over the traced forward (see `Referee`)."""
    program = trace_problem(problem, inputs)
    known = sweep(program, upstream)
    eps = np.finfo(np.float64).eps
    found = {key: known[step.tensor] for key, step in program.by_key.items()}
    return {key: Gradient(found[key].value, eps * found[key].error) for key in steps}


def sweep(
    program: Program,
    upstream: Sequence[Array],
    feeds: Mapping[Key, Array] = _NO_FEEDS,
    forward: Mapping[Tensor, Bounded] | None = None,
) -> dict[Tensor, Bounded]:
    """The gradient of every tensor of `program`, and how many units rounding may put into it.

    `upstream` belongs to the outputs. A step in `feeds` passes on that gradient in place of its
    own. `forward` are the tensors with their errors, where they are known already.
    """
    forward = forward_bounds(program) if forward is None else forward
    seeds = [(step.tensor, _given(g)) for step, g in zip(program.outputs, upstream, strict=True)]
    fed = {program.by_key[key].tensor: _given(g) for key, g in feeds.items()}
    found = gradients(seeds, forward.__getitem__, fed)
    for step in program:
        if step.tensor not in found:
            found[step.tensor] = _given(np.zeros_like(step.value))
    return found


def forward_bounds(program: Program) -> dict[Tensor, Bounded]:
    """Every tensor of `program`, and how many units rounding may put into it."""
    return bounds([step.tensor for step in program])


def _given(value: Array) -> Bounded:
    return Bounded(value, np.zeros_like(value))
