"""An instance of a problem that is small enough to be worked by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from byhand.errors import ProblemError, UnsupportedError
from byhand.program.problem import Problem
from byhand.program.trace import trace_problem
from byhand.values.arrays import is_float_array, is_sequence, is_torch

SMALL = (2, 3, 4)
LARGER = (4, 6, 8)  # where sizes must be even, or longer than a window
DRAWS = 5
TRIES = 60
ENOUGH = 16  # elements of an array, of inputs that have no sizes to choose


def small_inputs(problem: Problem) -> Iterator[dict[str, Any]]:
    """Inputs with two to four numbers an axis, and floats of one decimal; the first may do best.

    Raises UnsupportedError if forward takes none so small.
    """
    found = False
    for sizes in itertools.islice(_sizes(problem.dimensions), TRIES):
        inputs = _drawn(problem, sizes)
        if inputs is None:
            continue  # not a size for this forward
        if not sizes and max(map(_elements, inputs.values()), default=0) > ENOUGH:
            raise UnsupportedError(
                f"{problem.file}: its inputs are too large to be worked by hand: give inputs "
                f"sizes to choose, such as `*, n=32`, or arrays of at most {ENOUGH} elements"
            )
        found = True
        yield inputs
    if not found:
        tried = ", ".join(problem.dimensions) or "its sizes"
        raise UnsupportedError(
            f"{problem.file}: forward has no instance to work by hand: with 2 to 8 for {tried} and "
            "floats of one decimal, it raises or isn't finite"
        )


def _sizes(dimensions: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Sizes to try: different ones first, three classes, and what is small already as it is."""
    free = [name for name, size in dimensions.items() if size > max(SMALL)]
    kept = {name: size for name, size in dimensions.items() if name not in free}
    seen: list[dict[str, int]] = []

    def new(sizes: list[int]) -> Iterator[dict[str, int]]:
        each = kept | dict(zip(free, sizes, strict=True))
        if each not in seen:
            seen.append(each)
            yield each

    for order in ((2, 3, 4), (3, 4, 2), (4, 2, 3)):
        others = itertools.cycle([n for n in order if n != 3] if "classes" in free else order)
        yield from new([3 if name == "classes" else next(others) for name in free])
    for choice in (SMALL, LARGER):
        for size in choice:
            yield from new([size] * len(free))
        for sizes in itertools.islice(itertools.product(choice, repeat=len(free)), TRIES // 3):
            yield from new(list(sizes))


def _drawn(problem: Problem, sizes: Mapping[str, int]) -> dict[str, Any] | None:
    """Inputs of these sizes that forward takes; if it can be, none that is rounded to zeros."""
    fallback: dict[str, Any] | None = None
    for seed in range(DRAWS):
        try:
            drawn = problem.inputs(seed, **sizes)
            if not sizes and max(map(_elements, drawn.values()), default=0) > ENOUGH:
                return drawn
            rounded = {name: one_decimal(value) for name, value in drawn.items()}
            with np.errstate(all="ignore"):
                program = trace_problem(problem, rounded)
        except ProblemError:
            return None
        if any(np.isnan(step.value).any() for step in program):
            continue
        if all(np.isfinite(step.value).all() for step in program.outputs):
            if not any(_vanished(value) for value in rounded.values()):
                return rounded
            fallback = fallback or rounded
    return fallback


def one_decimal(value: Any) -> Any:
    """Floats rounded to one decimal; anything else as it is."""
    if is_sequence(value):
        return type(value)(one_decimal(item) for item in value)
    if is_torch(value):
        return value.round(decimals=1) if value.is_floating_point() else value
    if isinstance(value, float) or is_float_array(value):
        return np.round(value, 1) + 0.0  # no -0.0
    return value


def _elements(value: Any) -> int:
    if is_sequence(value):
        return max([0, *map(_elements, value)])
    return value.numel() if is_torch(value) else np.size(value)


def _vanished(value: Any) -> bool:
    """Whether nothing is left of an array of floats but zeros."""
    if is_torch(value):
        value = value.numpy()
    return is_float_array(value) and value.size > 0 and not value.any()
