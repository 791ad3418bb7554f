"""Ties: where the two sides of a maximum are equal it has a kink, and no one gradient.

Any weights that add up to 1 are right there, and people choose differently: all to the first, to
each the same, 0 for relu at 0. So the inputs are moved a little, until nothing is equal by
accident: there everybody has to agree.
"""

from __future__ import annotations

import numpy as np

from byhand.engine.backward import computed_first_to_last
from byhand.engine.tensor import Tensor
from byhand.ops.op import Array
from byhand.program.program import Program

STEP = 1e-3


def inputs_of_ties(program: Program) -> frozenset[str]:
    """The inputs that the tied elements of this forward were computed from, by name."""
    reached: set[Tensor] = set()
    for tensor in computed_first_to_last([step.tensor for step in program])[::-1]:
        if tensor in reached or _is_tied(tensor):
            reached.update(arg for arg in tensor.args if isinstance(arg, Tensor))
    return frozenset(step.name for step in program.inputs if step.tensor in reached)


def moved(value: Array, rng: np.random.Generator) -> Array:
    """The same values, each a little larger or smaller."""
    size: Array = 1 + np.abs(value)
    return np.asarray(value + STEP * rng.normal(size=value.shape) * size, value.dtype)


def _is_tied(tensor: Tensor) -> bool:
    if tensor.op is None:
        return False
    values = [arg.value if isinstance(arg, Tensor) else arg for arg in tensor.args]
    match tensor.op.name:
        case "maximum" | "minimum":
            return bool(np.any(np.equal(*values)))
        case "absolute" | "fabs":
            return bool(np.any(values[0] == 0))
        case "clip":
            return any(np.any(values[0] == edge) for edge in values[1:])
        case "max" | "min":
            axis = tensor.params.get("axis")
            largest = tensor.op.forward(values[0], **{**tensor.params, "keepdims": True})
            return bool(np.any(np.sum(values[0] == largest, axis=axis) > 1))
        case _:
            return False
