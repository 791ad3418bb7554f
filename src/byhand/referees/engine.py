"""The engine as a referee: reverse-mode autograd, with a bound on its own rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from byhand.engine.backward import Gradients, gradients
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
    found = gradients(_seeds(program, upstream), forward.__getitem__, _fed(program, feeds))
    rest = (step.tensor for step in program if step.tensor not in found)
    return found | {tensor: _nothing(tensor) for tensor in rest}


def sweep_on_demand(
    program: Program,
    upstream: Sequence[Array],
    feeds: Mapping[Key, Array],
    forward: Mapping[Tensor, Bounded],
) -> Mapping[Tensor, Bounded]:
    """The same, each gradient found when it is asked for."""
    seeds, fed = _seeds(program, upstream), _fed(program, feeds)
    steps = (step.tensor for step in program)
    return Gradients(seeds, forward.__getitem__, fed, steps, _nothing)


def _seeds(program: Program, upstream: Sequence[Array]) -> list[tuple[Tensor, Bounded]]:
    outputs = zip(program.outputs, upstream, strict=True)
    return [(step.tensor, _given(g)) for step, g in outputs]


def _fed(program: Program, feeds: Mapping[Key, Array]) -> dict[Tensor, Bounded]:
    return {program.by_key[key].tensor: _given(g) for key, g in feeds.items()}


def _nothing(tensor: Tensor) -> Bounded:
    return _given(np.zeros_like(tensor.value))


def forward_bounds(program: Program) -> dict[Tensor, Bounded]:
    """Every tensor of `program`, and how many units rounding may put into it."""
    return bounds([step.tensor for step in program])


def _given(value: Array) -> Bounded:
    return Bounded(value, np.zeros_like(value))
