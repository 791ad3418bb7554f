"""What a step does with the gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from byhand.train.data import Array
from byhand.train.schedule import Schedule


class Optimiser(Protocol):
    """Changes parameters in place."""

    def step(
        self, parameters: Mapping[str, Array], answers: Mapping[str, Any], rate: float, step: int
    ) -> None:
        """One step with `answers["dW"]`, the gradient of `W`; `step` counts from 0."""
        ...

    @property
    def state(self) -> Mapping[str, Array]:
        """What it needs, besides the parameters, to go on."""
        ...


class SGD:
    """Stochastic gradient descent: against the gradient."""

    @property
    def state(self) -> Mapping[str, Array]:
        return {}

    def step(
        self, parameters: Mapping[str, Array], answers: Mapping[str, Any], rate: float, step: int
    ) -> None:
        for name, parameter in parameters.items():
            parameter -= rate * answers[f"d{name}"]


@dataclass
class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter, arXiv:1711.05101, algorithm 2).

    The decays of the two running means are those of Karpathy's makemore.py. `means["W"]` runs after
    the gradient of `W`, and `squares["W"]` after its square.
    """

    decay: float
    means: dict[str, Array] = field(default_factory=dict[str, Array])
    squares: dict[str, Array] = field(default_factory=dict[str, Array])

    FIRST, SECOND, EPSILON = 0.9, 0.99, 1e-8

    @property
    def state(self) -> Mapping[str, Array]:
        means = {f"mean of d{name}": mean for name, mean in self.means.items()}
        return means | {f"mean of d{name}**2": square for name, square in self.squares.items()}

    def step(
        self, parameters: Mapping[str, Array], answers: Mapping[str, Any], rate: float, step: int
    ) -> None:
        # The means start at 0: divided by these, they are no longer too small at first.
        first, second = 1 - self.FIRST ** (step + 1), 1 - self.SECOND ** (step + 1)
        for name, parameter in parameters.items():
            gradient = answers[f"d{name}"]
            mean = self.means.setdefault(name, np.zeros_like(parameter))
            square = self.squares.setdefault(name, np.zeros_like(parameter))
            mean *= self.FIRST
            mean += (1 - self.FIRST) * gradient
            square *= self.SECOND
            square += (1 - self.SECOND) * gradient**2
            parameter *= 1 - rate * self.decay
            parameter -= rate / first * mean / (np.sqrt(square / second) + self.EPSILON)


def optimiser_of(
    schedule: Schedule, parameters: Mapping[str, Array], state: Mapping[str, Array]
) -> Optimiser:
    """The schedule's optimiser, with the `state` that it once had; empty for a new one."""
    if schedule.optimiser == "sgd":
        return SGD()
    adamw = AdamW(schedule.decay)
    if state:
        adamw.means = {name: state[f"mean of d{name}"].copy() for name in parameters}
        adamw.squares = {name: state[f"mean of d{name}**2"].copy() for name in parameters}
    return adamw
