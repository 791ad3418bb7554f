"""Labels that say one class for each example: one-hot rows, or columns, or the row of one example.

`-np.sum(Y * np.log(probs))` is the loss of `probs - Y` only where Y adds up to 1 over the classes.
So labels that forward multiplies with the logarithm of what a softmax gives are drawn so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from byhand.engine.backward import computed_first_to_last
from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.sources.guesses import is_labels
from byhand.values.arrays import Array, as_torch, is_torch
from byhand.values.held import array


def with_classes(problem: Problem) -> Problem:
    """The problem with one-hot labels, where forward takes the cross-entropy of floats."""
    drawn = problem.inputs()
    labels = {
        name: value.shape
        for name in problem.data
        if is_labels(name)
        and (value := array(drawn.get(name))) is not None
        and value.dtype.kind == "f"
        and value.ndim > 0
    }
    if not labels:
        return problem
    try:
        program = trace_problem(problem, drawn)
    except ProblemError:  # it will be said where it matters
        return problem
    of_shape = dict(_sums_to_one(program))
    axes = {name: of_shape[shape] for name, shape in labels.items() if shape in of_shape}
    return _hot(problem, axes) if axes else problem


def _hot(problem: Problem, axes: Mapping[str, int]) -> Problem:
    beside = problem.unpromised
    if beside is None:
        return replace(problem, draw=_drawing(problem, axes))
    made = beside.without

    def without(names: Collection[str]) -> Problem:
        return _hot(made(names), axes)

    beside = replace(beside, without=without)
    return replace(problem, draw=_drawing(problem, axes), unpromised=beside)


def _sums_to_one(program: Program) -> Iterator[tuple[tuple[int, ...], int]]:
    """The shapes of what forward takes the logarithm of, where it adds up to 1 over one axis, or of
    such logarithms, and that axis."""
    tensors = computed_first_to_last([step.tensor for step in program.outputs])
    logged = any(tensor.op is not None and tensor.op.name == "log" for tensor in tensors)
    for tensor in tensors if logged else ():
        values = tensor.value
        for probabilities in (values, np.exp(np.minimum(values, 1.0))):
            axis = _axis(probabilities)
            if axis is not None:
                yield values.shape, axis


def _axis(values: Array) -> int | None:
    if values.ndim < 1 or not (values > 0).all():
        return None
    ones = [k for k in range(values.ndim) if np.allclose(values.sum(axis=k), 1.0, atol=1e-4)]
    return ones[0] if len(ones) == 1 and values.shape[ones[0]] > 1 else None


def _drawing(problem: Problem, axes: Mapping[str, int]) -> Any:
    def draw(rng: np.random.Generator, **sizes: int) -> Inputs:
        found = dict(problem.draw(rng, **sizes))
        for name, axis in axes.items():
            shape = np.shape(found[name])
            size = shape[axis]
            classes = rng.integers(0, size, (*shape[:axis], *shape[axis + 1 :]))
            hot = np.moveaxis(np.eye(size)[classes], -1, axis)
            found[name] = as_torch(hot) if is_torch(found[name]) else hot
        return found

    return draw
