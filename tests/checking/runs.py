"""One run of a backward, for what looks at single parts of a check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from byhand.checking.running.backward_run import BackwardRun
from byhand.checking.running.run import run_backward
from byhand.program.problem import problem_of
from byhand.program.program import Program
from byhand.program.trace import trace


def one_run(
    forward: Callable[..., Any], backward: Callable[..., Any], inputs: Mapping[str, Any]
) -> tuple[Program, BackwardRun]:
    """A forward traced and its backward run, with ones for the upstream gradients."""
    program = trace(forward, inputs)
    upstream = {f"d{step.name}": np.ones(step.shape) for step in program.outputs}
    truth = {name: np.ones(steps[0].shape) for name, steps in program.bindings.items()}
    problem = problem_of(forward, backward, inputs)
    return program, run_backward(problem, program.locals, upstream, truth)
