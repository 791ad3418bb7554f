"""Elements of a value that are the same whatever the inputs are: nothing comes of a gradient there.

The probabilities of causal attention are 0 above the diagonal, a padded array is 0 at its edges,
and a triangular factor is 0 beside it. Whether backward leaves a gradient there or clears it, all
that is made of it is right.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from byhand.checking.sampling.sample_inputs import Draw
from byhand.engine.tensor import Tensor
from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.referees.referee import Gradient, Key
from byhand.values import tree
from byhand.values.arrays import Array, as_torch, is_torch
from byhand.values.held import array
from byhand.values.precision import float_type

CONSTANT = "elements that are the same whatever the inputs are may have any gradient"
ENOUGH = 3
"""On so many other inputs an element must be the same: what is cut off at 0 is so on some."""
TIMES = (-1.0, 1.0, -0.5, 2.0)
"""How often the inputs are changed, and how: times that, and times a random number each."""


def elsewhere(problem: Problem, drawn: Draw) -> tuple[Program, ...]:
    """Forward on other inputs of the same sizes, where it can be run on them; what is `data` stays
    as it is."""
    found: list[Program] = []
    for number, times in enumerate(TIMES):
        rng = np.random.default_rng([drawn.seed, 5, number])
        with contextlib.suppress(ProblemError), np.errstate(all="ignore"):
            found.append(trace_problem(problem, _changed(problem, drawn.inputs, times, rng)))
    return tuple(found)


def without_constants(
    problem: Problem,
    programs: Callable[[], Iterable[Program]],
    drawn: Draw,
    key: Key,
    truth: Gradient,
    off: Array,
) -> Gradient | None:
    """The truth without those elements at which an answer is `off`; None if any of them isn't the
    same in all `programs`, which are asked for where it may be, or if all of the value are."""
    value = drawn.truth.by_key[key].value
    if truth.places is not None or drawn.tied or off.shape != value.shape:
        return None
    if off.all() or not off.any():
        return None
    if np.any(value[off] != value[off][0]):  # nearly always enough to know
        return None
    if _is_chosen(problem, drawn.truth, drawn.truth.by_key[key].tensor):
        return None
    tried = [
        program.by_key[key].value
        for program in programs()
        if key in program.by_key and program.by_key[key].shape == value.shape
    ]
    if len(tried) < ENOUGH or any(np.any(other[off] != value[off]) for other in tried):
        return None
    if all(np.array_equal(other, value) for other in tried):
        return None
    return replace(truth, value=np.where(off, np.nan, truth.value))


def _is_chosen(problem: Problem, program: Program, value: Tensor) -> bool:
    """Whether inputs choose, on the way to a value, which way something goes: what is cut off at 0
    may be so on any number of other inputs, and is no constant."""
    varying = {step.tensor for step in program.inputs if step.name not in problem.data}
    chosen: set[Tensor] = set()
    for tensor in program.tensors:
        if tensor.op is None or varying.isdisjoint(tensor.parents):
            continue
        varying.add(tensor)
        match tensor.op.name, tensor.args[0]:
            case "where", condition:
                chooses = isinstance(condition, Tensor) and condition in varying
            case _:
                chooses = tensor.op.kink in ("arguments", "zero") or tensor.value.dtype == bool
        if chooses or not chosen.isdisjoint(tensor.parents):
            chosen.add(tensor)
    return value in chosen


def _changed(problem: Problem, inputs: Inputs, times: float, rng: np.random.Generator) -> Inputs:
    def change(leaf: Any) -> Any:
        if float_type(leaf) is None:
            return leaf
        value = np.asarray(array(leaf))
        more = np.where(value == 0, rng.normal(size=value.shape), 0.0)  # zeros need not be zeros
        new = value * times * rng.uniform(0.5, 1.5, value.shape) + more
        return as_torch(new) if is_torch(leaf) else new

    return {k: v if k in problem.data else tree.map(change, v) for k, v in inputs.items()}
