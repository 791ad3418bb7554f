"""What was written is run, against automatic differentiation of forward, before it is given out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from byhand.deriving.verify import TOLERANCE, other_sizes
from byhand.errors import UnsupportedError, in_one_line
from byhand.program.problem import Problem
from byhand.program.trace import trace_problem
from byhand.referees.engine import engine
from byhand.referees.referee import Referee
from byhand.values.arrays import is_torch

_NAMES = {"torch": "PyTorch's autograd", "jax": "jax.grad"}

Run = Callable[[Mapping[str, Any], Sequence[Any]], tuple[Sequence[Any], Mapping[str, Any]]]
"""From inputs and upstream gradients to the outputs, and the gradients of the inputs by name."""


def prove(
    problem: Problem, run: Run, names: Sequence[str], fixed: bool, library: str = "torch"
) -> None:
    """Raises UnsupportedError if it isn't right: at the sizes that are tried, one if `fixed`.

    The truth is what `library` gives for forward; or the engine, since at ties any share is right.
    """
    autograd: Referee = getattr(import_module(f"byhand.referees.{library}"), library)
    for inputs in _tried(problem, fixed):
        with np.errstate(all="ignore"):
            program = trace_problem(problem, inputs)
            upstream = program.upstream(1)
            keys = [(name, program[name].binding) for name in names]
            true = [referee(problem, inputs, keys, upstream) for referee in (autograd, engine)]
            try:
                outputs, found = run(inputs, upstream)
            except Exception as error:
                known = isinstance(error, UnsupportedError)
                said = str(error) if known else f"it raises {in_one_line(error)}"
                raise _failed(problem, said) from error
        for step, output in zip(program.outputs, outputs, strict=True):
            if not _near(output, step.value):
                raise _failed(problem, f"its {step.name} isn't that of forward")
        for key in keys:
            if not any(_near(found[key[0]], each[key].value) for each in true):
                raise _failed(problem, f"its d{key[0]} isn't what {_NAMES[library]} gives")


def _tried(problem: Problem, fixed: bool) -> Iterator[Mapping[str, Any]]:
    yield problem.inputs()
    if not fixed:
        yield from (others for _, others in other_sizes(problem))


def _failed(problem: Problem, why: str) -> UnsupportedError:
    return UnsupportedError(f"{problem.file}: what was written didn't pass its check: {why}")


def _near(found: Any, true: Any) -> bool:
    got = np.asarray(found.detach().numpy() if is_torch(found) else found)
    largest = float(np.max(np.abs(true), initial=0.0))
    return got.shape == np.shape(true) and np.allclose(
        got, true, rtol=0, atol=TOLERANCE * max(largest, 1e-3), equal_nan=True
    )
