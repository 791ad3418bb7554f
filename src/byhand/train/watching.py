"""Training that is only watched: the loss as it falls, words as they become better. No folder is
written, and nothing is evaluated at the end."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from byhand.errors import ByhandError, ProblemError
from byhand.program.problem import Problem
from byhand.train.data import BUNDLED, Examples
from byhand.train.evaluate import training_statistics
from byhand.train.gradients import check_gradients, hand_gradients, items_named
from byhand.train.interrupt import Stop
from byhand.train.loop import trained_inputs
from byhand.train.plan import TrainingPlan, fresh
from byhand.train.sample import words
from byhand.train.sizes import check_trainable, training_sizes

_SAMPLES = 8
_SAMPLED_EVERY = 2.0  # seconds between two looks at what the model says by now
_SHARE = 0.1  # of the time, at most, that these looks may take
_FEW = 2000  # examples whose statistics stand for all, until the model has learned


@dataclass(frozen=True)
class Seen:
    """After `step` of `steps`: the loss, a running mean over some hundred steps, and words drawn
    from the model, where it was asked for some."""

    step: int
    steps: int
    loss: float
    samples: tuple[str, ...] | None


def trainable(problem: Problem) -> bool:
    """Whether a problem follows the convention of training (see `sizes.py`), and its backward gives
    the gradient of every parameter."""
    with suppress(ProblemError), np.errstate(all="ignore"):
        training_sizes(problem, {}, vocabulary=1)
        values = problem.inputs()
        check_trainable(problem, values)
        found = hand_gradients(problem)(values)
        answers = items_named(found.answers)
        check_gradients(problem, trained_inputs(problem, values), found.loss, answers)
        return True
    return False


def watched(problem: Problem, seconds: float, steps: int | None = None) -> Iterator[Seen]:
    """Trains a problem on the bundled names, at the sizes and on the schedule that it has for that,
    for at most so many seconds; tells where it is about ten times a second.

    Raises ProblemError for a problem that can't be trained, or whose loss is no longer a number.
    """
    plan = fresh(problem, BUNDLED, 0, {}, {} if steps is None else {"steps": steps})
    descent, stop = plan.descent, Stop()
    descent.compiled = False  # what is watched begins at once
    began = due = time.monotonic()
    for now in descent.going(stop):
        started = time.monotonic()
        last = descent.done == descent.schedule.steps
        if started - began > seconds:
            stop.pressed = last = True
        drawn = _drawn(plan) if last or started >= due else None
        if drawn is not None:
            ended = time.monotonic()
            due = ended + max(_SAMPLED_EVERY, (ended - started) / _SHARE)
        if math.isfinite(now.loss):  # else the descent says so
            yield Seen(now.step, descent.schedule.steps, now.loss, drawn)


def _drawn(plan: TrainingPlan) -> tuple[str, ...] | None:
    """Words from the model as it is; None while it gives none."""
    problem, values, train = plan.descent.problem, plan.descent.values, plan.split.train
    few = Examples(train.X[:_FEW], train.Y[:_FEW])
    with suppress(ByhandError):
        statistics = training_statistics(problem, values, few)
        return tuple(words(problem, values, statistics, plan.words.characters, _SAMPLES, seed=0))
    return None
