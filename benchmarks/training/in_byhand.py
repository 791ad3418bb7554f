"""The steps of `byhand train`: as machine code, and as NumPy runs them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from byhand.train.compiled import FastSteps, fast_steps
from byhand.train.gradients import hand_gradients, items_named
from byhand.train.loop import trained_inputs
from byhand.train.optimisers import optimiser_of

from .task import Task, Trainer


def compiled(task: Task) -> Trainer:
    parameters = trained_inputs(task.problem, task.values)
    optimiser = optimiser_of(task.schedule, parameters, {})
    steps = fast_steps(task.problem, task.values, parameters, optimiser)
    assert isinstance(steps, FastSteps), steps
    done = 0

    def take(count: int) -> None:
        nonlocal done
        places: Any = np.arange(done, done + count)  # the numbers of many steps at once
        numbers = optimiser.numbers(task.schedule.rate, places)
        fed = {name: np.broadcast_to(np.float32(each), count) for name, each in numbers.items()}
        steps.run({"X": task.X[:count], "Y": task.Y[:count], **fed})
        done += count

    return Trainer(take, lambda: task.values)


def plain(task: Task) -> Trainer:
    gradients, values = hand_gradients(task.problem), task.values
    parameters = trained_inputs(task.problem, values)
    optimiser = optimiser_of(task.schedule, parameters, {})
    places = itertools.count()

    def take(count: int) -> None:
        with np.errstate(all="ignore"):
            batches = zip(task.X[:count], task.Y[:count], places, strict=False)
            for values["X"], values["Y"], place in batches:
                answers = items_named(gradients(values).answers)
                numbers = optimiser.numbers(task.schedule.rate, place)
                optimiser.update(parameters, answers, optimiser.state, **numbers)

    return Trainer(take, lambda: values)
