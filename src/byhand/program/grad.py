"""Gradients of every named value, by the embedded engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from byhand.engine import gradients
from byhand.program.trace import trace
from byhand.values.arrays import Array


def grad(forward: Callable[..., Any], inputs: Mapping[str, Any]) -> dict[str, Array]:
    """The gradient of what `forward` returns with respect to every float input and every step.

    `inputs` are arrays by name. Where forward returns arrays, it is the gradient of the sum of
    their elements. Of a name that is bound more than once it is that of the input, or else of the
    last step.

    Raises ProblemError where forward raises or can't be followed.
    """
    program = trace(forward, inputs)
    found = gradients([(step.tensor, np.ones_like(step.value)) for step in program.outputs])
    by_name = {step.name: step for step in (*program.steps, *program.inputs)}
    return {
        name: np.asarray(found.get(step.tensor, np.zeros_like(step.value)))
        for name, step in by_name.items()
    }
