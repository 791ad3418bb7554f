"""The draws that a problem is tried on: its default sizes, and others where a fixed size can't
hide."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.checking.sampling.ties import STEP, inputs_of_ties, moved
from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.values.arrays import as_torch, is_float_array, is_sequence, is_torch

ADVICE = ": choose inputs on which it is finite"


@dataclass(frozen=True, eq=False)
class Draw:
    """One set of inputs and the forward on it.

    `truth` is forward in float64, which the referees know; `program` is forward in the type that
    backward is run in: the same program where that is float64. `as_it_came` is the same draw before
    it was moved away from ties; None where it has none, and in other types than float64.
    """

    sizes: Mapping[str, int]
    inputs: Inputs
    truth: Program
    program: Program
    upstream: tuple[Any, ...]
    as_it_came: Draw | None = None


def draw(problem: Problem, sizes: Mapping[str, int], dtype: str, seed: int) -> Draw:
    """Draws inputs of these sizes. Raises ProblemError if forward fails on them or isn't finite."""
    given = {k: _cast(v, dtype) for k, v in problem.inputs(seed, **sizes).items()}
    _refuse_infinite_inputs(problem, given)
    inputs = {name: _cast(value, "float64") for name, value in given.items()}
    truth = trace_problem(problem, inputs)
    tied = inputs_of_ties(truth)
    as_it_came = None
    if tied:
        if dtype == "float64" and all(np.isfinite(step.value).all() for step in truth.outputs):
            as_it_came = Draw(dict(sizes), inputs, truth, truth, truth.upstream(seed))
        given = {k: v if k in problem.data else _apart(k, v, tied, seed) for k, v in given.items()}
        inputs = {name: _cast(value, "float64") for name, value in given.items()}
        truth = trace_problem(problem, inputs)
    _refuse_infinite_outputs(problem, truth)
    program = truth if dtype == "float64" else trace_problem(problem, given)
    upstream = truth.upstream(seed)
    if dtype != "float64":
        upstream = tuple(g.astype(dtype).astype(np.float64) for g in upstream)
    return Draw(dict(sizes), inputs, truth, program, upstream, as_it_came)


def _apart(name: str, value: Any, tied: frozenset[str], seed: int) -> Any:
    """An input, moved a little if it makes a tie (see `byhand.checking.sampling.ties`)."""
    if is_sequence(value):
        items = enumerate(value)
        return type(value)(_apart(f"{name}[{i}]", item, tied, seed) for i, item in items)
    if name not in tied:
        return value
    rng = np.random.default_rng([seed, 3, zlib.crc32(name.encode())])  # each its own way
    if is_torch(value):
        return value + as_torch(rng.normal(size=tuple(value.shape))).to(value.dtype) * STEP
    return moved(value, rng)


def other_sizes(dimensions: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Sizes to try besides the default ones: distinct primes; then a batch (the first size) of
    1."""
    if not dimensions:
        return
    primes: dict[str, int] = {}
    for name, default in dimensions.items():  # none that a size written as a number could be
        primes[name] = next(p for p in _odd_primes() if p != default and p not in primes.values())
    yield primes
    first = next(iter(dimensions))
    yield {**primes, first: 1}


def related_sizes(dimensions: Mapping[str, int]) -> dict[str, int]:
    """Sizes that keep the divisibility of the default ones, for where primes don't fit."""
    return {name: 2 * size for name, size in dimensions.items()}


def _odd_primes() -> Iterator[int]:
    return (n for n in itertools.count(3, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2)))


def _cast(value: Any, dtype: str) -> Any:
    if is_sequence(value):
        return type(value)(_cast(item, dtype) for item in value)
    if is_torch(value):
        import torch

        return value.detach().to(getattr(torch, dtype)) if value.is_floating_point() else value
    if isinstance(value, (float, np.floating)):
        return np.asarray(value, dtype)
    if is_float_array(value):
        return value.astype(dtype)
    return value


def _refuse_infinite_inputs(problem: Problem, inputs: Mapping[str, Any]) -> None:
    for name, value in inputs.items():
        for item in value if is_sequence(value) else (value,):
            array = item.numpy() if is_torch(item) else np.asarray(item)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                bad = int(array.size - np.count_nonzero(np.isfinite(array)))
                raise ProblemError(
                    f"{problem.file}: inputs gives NaN or infinity in {name} "
                    f"({bad} of {array.size} elements): a gradient can't be checked there"
                )


def _refuse_infinite_outputs(problem: Problem, program: Program) -> None:
    if all(np.isfinite(step.value).all() for step in program.outputs):
        return
    for step in program.steps:
        # A mask of -inf is fine; the first NaN, or an output that isn't finite, is what to name.
        if np.isnan(step.value).any() or step in program.outputs:
            kind = "NaN" if np.isnan(step.value).any() else "infinity"
            raise ProblemError(
                f"{problem.where(step.line)}: forward gives {kind} in {step.name}{ADVICE}"
            )
