"""What a step does with the gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from byhand.train.schedule import Schedule
from byhand.values.arrays import Array


class Optimiser(Protocol):
    """Changes parameters in place.

    `state` is what it needs, besides the parameters, to go on; it is changed in place, too.
    """

    @property
    def state(self) -> Mapping[str, Array]: ...

    def numbers(self, rate: float, step: int) -> dict[str, float]:
        """What `update` is given in the step with this number, counted from 0."""
        ...

    def update(
        self,
        parameters: Mapping[str, Array],
        answers: Mapping[str, Any],
        state: Mapping[str, Array],
        **numbers: float,
    ) -> None:
        """One step with `answers["dW"]`, the gradient of `W`."""
        ...


class SGD:
    """Stochastic gradient descent: against the gradient."""

    @property
    def state(self) -> Mapping[str, Array]:
        return {}

    def numbers(self, rate: float, step: int) -> dict[str, float]:
        return {"rate": rate}

    def update(
        self,
        parameters: Mapping[str, Array],
        answers: Mapping[str, Any],
        state: Mapping[str, Array],
        **numbers: float,
    ) -> None:
        for name, parameter in parameters.items():
            parameter -= numbers["rate"] * answers[f"d{name}"]


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter, arXiv:1711.05101, algorithm 2).

    The decays of the two running means are those of Karpathy's makemore.py. In `state`, `mean of
    dW` runs after the gradient of `W`, and `mean of dW**2` after its square.
    """

    decay: float
    state: Mapping[str, Array]

    FIRST, SECOND, EPSILON = 0.9, 0.99, 1e-8

    def numbers(self, rate: float, step: int) -> dict[str, float]:
        # The means start at 0: divided by these, they are no longer too small at first.
        first, second = 1 - self.FIRST ** (step + 1), 1 - self.SECOND ** (step + 1)
        return {"rate": rate / first, "second": second, "kept": 1 - rate * self.decay}

    def update(
        self,
        parameters: Mapping[str, Array],
        answers: Mapping[str, Any],
        state: Mapping[str, Array],
        **numbers: float,
    ) -> None:
        rate, second, kept = numbers["rate"], numbers["second"], numbers["kept"]
        for name, parameter in parameters.items():
            gradient = answers[f"d{name}"]
            mean, square = state[f"mean of d{name}"], state[f"mean of d{name}**2"]
            mean *= self.FIRST
            mean += (1 - self.FIRST) * gradient
            square *= self.SECOND
            square += (1 - self.SECOND) * gradient**2
            parameter *= kept
            parameter -= rate * mean / (np.sqrt(square / second) + self.EPSILON)


def optimiser_of(
    schedule: Schedule, parameters: Mapping[str, Array], state: Mapping[str, Array]
) -> Optimiser:
    """The schedule's optimiser, with the `state` that it once had; empty for a new one."""
    if schedule.optimiser == "sgd":
        return SGD()
    means: dict[str, Array] = {}
    for name, parameter in parameters.items():
        for mean in (f"mean of d{name}", f"mean of d{name}**2"):
            means[mean] = state[mean].copy() if state else np.zeros_like(parameter)
    return AdamW(schedule.decay, means)
