"""What is trained: a model of the zoo at a size, its batches, and its optimiser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import byhand
from byhand.program.problem import Inputs, Problem
from byhand.train.loop import in_precision
from byhand.train.schedule import Schedule, schedule_of

AT_ONCE = {"mlp_fused": 200, "wavenet": 200, "transformer": 20}
"""How many steps are asked for together. Some contenders take them in one call."""


@dataclass(frozen=True)
class Task:
    """`values` is where training starts, at training size. X and Y hold the batches of `AT_ONCE`
    steps, the steps as first axis."""

    name: str
    problem: Problem
    values: Inputs
    X: np.ndarray
    Y: np.ndarray
    schedule: Schedule

    @property
    def parameters(self) -> Inputs:
        """The arrays that are trained, and the lists of them."""
        return {name: v for name, v in self._given.items() if isinstance(v, list | np.ndarray)}

    @property
    def fixed(self) -> Inputs:
        """What else the model is given, such as a number of heads."""
        return {name: v for name, v in self._given.items() if name not in self.parameters}

    @property
    def _given(self) -> Inputs:
        return {name: value for name, value in self.values.items() if name not in ("X", "Y")}


@dataclass(frozen=True)
class Trainer:
    """One way to do a task.

    `take(count)` takes a step on each of the first `count` batches. `parameters()` are NumPy arrays
    and lists of them, as they are by now.
    """

    take: Callable[[int], None]
    parameters: Callable[[], Inputs]


def task(
    name: str,
    sizes: Mapping[str, int],
    schedule: Mapping[str, Any] | None = None,
    precision: Any = np.float32,
) -> Task:
    """The model as `byhand train` has it, but for what is given here."""
    problem = byhand.load(name)
    sizes = {"n": 32, **problem.forward.globals.get("training", {}), **sizes}
    batches = [problem.inputs(seed, **sizes) for seed in range(AT_ONCE[name])]
    return Task(
        name,
        problem,
        in_precision(problem.inputs(0, **sizes), precision),
        *(np.stack([batch[key] for batch in batches]) for key in "XY"),
        schedule_of(problem, schedule or {}),
    )


def task_called(title: str) -> Task:
    """`mlp_fused`; `mlp_fused:64` with 64 hidden units; `mlp_fused:64:8` with batches of 8, too."""
    name, *numbers = title.split(":")
    return task(name, dict(zip(("hidden", "n"), map(int, numbers), strict=False)))
