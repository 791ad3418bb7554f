"""The check: every gradient that a backward gives, against a referee, at more than one size."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from byhand.checking.judging.assign import assign_blame, roots_of
from byhand.checking.judging.examine import Examination, examine
from byhand.checking.report import Report
from byhand.checking.running.run import backward_function
from byhand.checking.sampling.sample_inputs import ADVICE, draw, other_sizes, related_sizes
from byhand.errors import ProblemError
from byhand.program.problem import Problem, problem_of
from byhand.program.statements import Function

DTYPES = ("float64", "float32")


def check(
    problem: Problem | Callable[..., Any],
    backward: Callable[..., Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
    *,
    referee: str = "engine",
    dtype: str = "float64",
    seed: int = 0,
) -> Report:
    """Checks a hand-written backward, gradient by gradient.

    Give a loaded problem, or a forward, a backward and the inputs (arrays by name) to try them on.
    `referee` is who says what is right: "engine", "finite", "torch" or "jax". The backward is run
    in `dtype`; the truth is always found in float64. At other sizes it is the engine in float64.

    Raises ProblemError if the problem can't be checked, RefereeError if the referee can't judge it.
    """
    start = time.perf_counter()
    if not isinstance(problem, Problem):
        if inputs is None:
            raise ProblemError("check(forward, backward, inputs): the inputs are missing")
        problem = problem_of(problem, backward, inputs)
    if not callable(problem.backward):
        raise ProblemError(f"{problem.file}: has no `def backward(...)`: there is nothing to check")
    if dtype not in DTYPES:
        raise ProblemError(f"dtype {dtype}: choose {' or '.join(DTYPES)}")
    function = backward_function(problem)
    with np.errstate(all="ignore"):  # what isn't finite is said in the report
        first = examine(problem, function, draw(problem, {}, dtype, seed), referee, seed)
        others, skipped = _others(problem, function, dtype, seed)
        rows = assign_blame(problem, first, others)
    return Report(
        file=problem.file,
        referee=referee,
        dtype=dtype,
        seconds=time.perf_counter() - start,
        rows=tuple(rows),
        roots=roots_of(rows),
        notes=tuple(dict.fromkeys([*first.notes, *skipped])),
    )


def _others(
    problem: Problem, function: Function | None, dtype: str, seed: int
) -> tuple[list[Examination], list[str]]:
    """The backward examined at other sizes, by the engine; and notes on sizes that were skipped."""
    found: list[Examination] = []
    notes: list[str] = []

    def attempt(sizes: Mapping[str, int], seed: int) -> bool:
        try:
            drawn = draw(problem, sizes, "float64", seed)
        except ProblemError as error:
            at = ", ".join(f"{name}={size}" for name, size in sizes.items())
            why = str(error).removesuffix(ADVICE).replace(f"{problem.file}:", "line ")
            notes.append(f"not tried at {at}: {why}")
            return False
        found.append(examine(problem, function, drawn, "engine", seed))
        return True

    # One more draw of the default sizes: chance must not show a thing just once.
    attempt({}, seed if dtype != "float64" else seed + 1)
    fitted = [attempt(sizes, seed) for sizes in other_sizes(problem.dimensions)]
    if problem.dimensions and not any(fitted):
        attempt(related_sizes(problem.dimensions), seed)
    return found, notes
