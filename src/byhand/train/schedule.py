"""How a problem is trained: the optimiser, the learning rate, the batch and the number of steps.

Without a word about it in the problem file, it is as in the lectures: stochastic gradient descent
at the rate 0.1, and 0.01 from half of the steps on. A problem file may say otherwise, for example
with `schedule = {"optimiser": "adamw", "rate": 5e-4, "falls": 1}`, and `--set rate=0.05` has the
last word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from byhand.errors import ProblemError
from byhand.program.problem import Problem, did_you_mean

OPTIMISERS = ("sgd", "adamw")
BATCHES = ("mini", "full")


@dataclass(frozen=True)
class Schedule:
    """How to go down the gradient.

    `rate` is the learning rate up to the part `falls` of the steps, from 0 to 1, and a tenth of it
    after that. A `mini` batch has the size `n` of the problem and is drawn anew for each step; a
    `full` one is the whole training set. `decay` is the weight decay, for `adamw` only.
    """

    optimiser: str = "sgd"
    rate: float = 0.1
    falls: float = 0.5
    batch: str = "mini"
    decay: float = 0.01
    steps: int = 200_000

    def learning_rate(self, step: int) -> float:
        """The rate of the step with this number, counted from 0."""
        return self.rate if step < self.falls * self.steps else self.rate / 10


NAMES = tuple(field.name for field in fields(Schedule))


def schedule_of(problem: Problem, asked: Mapping[str, Any]) -> Schedule:
    """The problem's own schedule, with what was `asked` for in its place.

    Raises ProblemError, in one line, for what isn't in a schedule or out of its range.
    """
    declared: Any = problem.forward.globals.get("schedule", {})
    if not isinstance(declared, dict):
        raise ProblemError(f'{problem.file}: schedule must be a dict, such as {{"rate": 0.1}}')
    own: dict[str, Any] = declared  # pyright: ignore[reportUnknownVariableType]
    settings = {**own, **asked}
    for name in settings:
        if name not in NAMES:
            known = f": it has {', '.join(NAMES)}"
            raise ProblemError(
                f"{problem.file}: a schedule has no `{name}`{did_you_mean(name, NAMES) or known}"
            )
    schedule = Schedule(**settings)
    _check("optimiser", schedule.optimiser, schedule.optimiser in OPTIMISERS, "sgd or adamw")
    _check("batch", schedule.batch, schedule.batch in BATCHES, "mini or full")
    _check("rate", schedule.rate, _number(schedule.rate) and schedule.rate > 0, "above 0")
    _check("falls", schedule.falls, _number(schedule.falls) and 0 <= schedule.falls <= 1, "0 to 1")
    _check("decay", schedule.decay, _number(schedule.decay) and schedule.decay >= 0, "0 or more")
    whole = isinstance(schedule.steps, int) and not isinstance(schedule.steps, bool)  # pyright: ignore[reportUnnecessaryIsInstance]
    _check("steps", schedule.steps, whole and schedule.steps > 0, "1 or more")
    return schedule


def _check(name: str, value: Any, right: bool, range: str) -> None:
    if not right:
        raise ProblemError(f"{name} must be {range}, not {value}")


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
