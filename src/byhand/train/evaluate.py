"""The loss over a whole split, with batch statistics of the whole training set.

A batch norm that took its mean and variance from the batch at hand would judge an example by its
neighbours, and could not judge a single one. So the steps that a problem names in `statistics` are
computed once, with the whole training set as one batch, and put in their place in forward.
All of this is in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem
from byhand.train.data import Examples
from byhand.train.loop import in_precision
from byhand.train.rewrite import (
    Locals,
    as_parameters,
    check_bound_once,
    explained,
    up_to,
    with_locals,
)
from byhand.values.arrays import Array

_PLACES = 2000  # characters asked for at once: their arrays stay in the processor's cache
_MEMORY = 1 << 30  # bytes that the largest array of the statistics pass may take


def training_statistics(problem: Problem, values: Inputs, examples: Examples) -> dict[str, Array]:
    """What each step in `problem.statistics` is for all `examples` as one batch.

    The values are exact: it is one pass, not an average over batches. Only where one array
    would take more than 1 GiB (for the bundled names, hidden layers from about 700 on) are the
    examples cut off; their words are shuffled.
    """
    names = problem.statistics
    if not names:
        return {}
    check_bound_once(problem, names)
    wide = in_precision(values, np.float64)
    rows = _rows_that_fit(problem, wide, examples)
    forward = with_locals(up_to(problem.forward, names))
    _, steps = _call(problem, forward, _given(problem, wide, examples.X[:rows], examples.Y[:rows]))
    return {name: np.asarray(steps[name]) for name in names}


def _rows_that_fit(problem: Problem, values: Inputs, examples: Examples) -> int:
    few = min(256, len(examples))
    forward = with_locals(problem.forward)
    given = _given(problem, values, examples.X[:few], examples.Y[:few])
    _, steps = _call(problem, forward, given)
    widest = max(getattr(value, "nbytes", 0) for value in steps.values())
    return max(few, _MEMORY * few // widest)


def losses_of(
    problem: Problem, values: Inputs, statistics: Mapping[str, Array]
) -> Callable[[Array, Array], float]:
    """A function from contexts X and characters Y to their mean loss, in nats per character."""
    forward = with_locals(as_parameters(problem.forward, problem.statistics))
    wide = {**in_precision(values, np.float64), **statistics}

    def loss(X: Array, Y: Array) -> float:
        given = _given(problem, wide, X, Y) | dict(statistics)
        return float(_call(problem, forward, given)[0])

    return loss


def mean_loss(
    problem: Problem, values: Inputs, statistics: Mapping[str, Array], examples: Examples
) -> float:
    """The mean cross-entropy over all `examples`, in nats per character.

    Raises ProblemError if it is no finite number.
    """
    loss = losses_of(problem, values, statistics)
    counted = examples.Y >= 0  # a whole word has places where nothing is to come
    parts = np.array_split(np.arange(len(examples)), math.ceil(examples.Y.size / _PLACES))
    total = sum(
        loss(examples.X[part], examples.Y[part]) * counted[part].sum()
        for part in parts
        if len(part)
    )
    mean = float(total / counted.sum())
    if not math.isfinite(mean):
        raise ProblemError(
            f"{problem.file}: the loss over a whole split is {mean}: is a gradient wrong? "
            "`byhand check` will tell"
        )
    return mean


def _given(problem: Problem, values: Inputs, X: Array, Y: Array) -> Inputs:
    available = {**problem.forward.defaults, **values, "X": X, "Y": Y}
    return {name: available[name] for name in problem.forward.parameters}


def _call(
    problem: Problem, forward: Callable[..., tuple[Any, Locals]], given: Inputs
) -> tuple[Any, Locals]:
    try:
        with np.errstate(all="ignore"):
            return forward(**given)
    except Exception as error:
        raise explained(problem, "forward", error) from error
