"""The descent on hand-written gradients, step by step.

Training is repeatable to the bit on one machine: the parameters start from the seed, and the batch
of a step depends on the seed and on the number of the step alone. So a run that was stopped can go
on from its parameters, and what its optimiser keeps, as if it had never been. (NumPy spreads the
products of large matrices over several threads; then their number, OPENBLAS_NUM_THREADS, has to be
the same. The lecture's model is below that.)

The arithmetic is in float32, as in the lectures: float64 takes about a fifth to a half
longer and learns no better: 200,000 steps of the lecture's model end at the same losses to five
digits. A batch of 32 is a far coarser estimate of the gradient than rounding makes it.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem
from byhand.train.compiled import FastSteps, fast_steps
from byhand.train.data import Examples
from byhand.train.gradients import check_gradients, hand_gradients, items_named
from byhand.train.interrupt import Stop, held_back
from byhand.train.optimisers import Optimiser, optimiser_of
from byhand.train.schedule import Schedule
from byhand.values.arrays import Array

Progress: TypeAlias = Callable[[int, int, float, float], None]
Losses: TypeAlias = list[tuple[int, float]]
Updates: TypeAlias = list[tuple[int, dict[str, float]]]
Batch: TypeAlias = tuple[Array, Array]

SAVED_EVERY = 10.0  # seconds between two checkpoints

_TOGETHER = 100  # batches drawn at once
_SHOWN_EVERY = 0.1  # seconds between two calls of progress
_POINTS = 1000  # of the loss curve
_CALL = 0.05  # seconds that a call of compiled code may take: Ctrl-C waits for it


def trained_inputs(problem: Problem, values: Inputs) -> dict[str, Array]:
    """The parameters: all float inputs that aren't `data`; items of a list as `Ws[0]`."""
    found: dict[str, Array] = {}
    for name, value in values.items():
        if name in problem.data:
            continue
        items: list[Any] = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
        for i, item in enumerate(items):
            if isinstance(item, np.ndarray) and item.dtype.kind == "f":  # pyright: ignore[reportUnknownMemberType]
                found[f"{name}[{i}]" if isinstance(value, list) else name] = item
    return found


def in_precision(values: Inputs, dtype: type[np.floating[Any]]) -> Inputs:
    """The inputs with their floats, single or in lists, as new arrays of `dtype`."""

    def cast(value: Any) -> Any:
        if isinstance(value, list):
            return [cast(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, (float, np.floating, np.ndarray)):
            array = np.asarray(value)
            return np.array(array, dtype) if array.dtype.kind == "f" else array
        return value

    return {name: cast(value) for name, value in values.items()}


def batches(
    examples: Examples, size: int | None, seed: int, start: int
) -> Iterator[tuple[Array, Array]]:
    """The batches from step `start` on, drawn with replacement; without a `size`, all examples."""
    if size is None:
        yield from itertools.repeat((examples.X, examples.Y))
        return
    first = start % _TOGETHER
    for chunk in itertools.count(start // _TOGETHER):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(chunk,)))
        drawn = rng.integers(0, len(examples), (_TOGETHER, size))
        yield from zip(examples.X[drawn[first:]], examples.Y[drawn[first:]], strict=True)
        first = 0


@dataclass(frozen=True)
class Now:
    """Where a descent is: the step that was done last, a running mean of the losses of some hundred
    steps, and how many steps it does in a second."""

    step: int
    loss: float
    speed: float


@dataclass
class Descent:
    """A descent underway: `done` of the steps of its `schedule`.

    `values` are the inputs of the problem by name. Its float32 parameters are changed in place, and
    `X` and `Y` are filled with a batch of `size` contexts and the characters that follow them.
    `state` is what the optimiser keeps besides. `losses` are pairs of a step and the mean loss of
    the steps since the pair before. If `watched`, `updates` are pairs of a step and, for each
    matrix, how large its update was beside the matrix itself, both as standard deviations.

    Where it is `compiled`, many steps are one call of machine code; `note` says why it could not
    be, or which parts aren't.
    """

    problem: Problem
    values: Inputs
    examples: Examples
    size: int
    seed: int
    schedule: Schedule
    done: int = 0
    seconds: float = 0.0
    state: Mapping[str, Array] = field(default_factory=dict[str, Array])
    losses: Losses = field(default_factory=Losses)
    watched: bool = False
    updates: Updates = field(default_factory=Updates)
    compiled: bool = False
    note: str | None = None

    @property
    def parameters(self) -> dict[str, Array]:
        return trained_inputs(self.problem, self.values)

    def batches(self) -> Iterator[tuple[Array, Array]]:
        """The batches of the steps to come."""
        size = None if self.schedule.batch == "full" else self.size
        return batches(self.examples, size, self.seed, self.done)

    def run(
        self, progress: Progress | None = None, save: Callable[[], object] | None = None
    ) -> None:
        """Descends until all steps are done, or until Ctrl-C.

        `progress(step, steps, loss, steps_per_second)` is called about ten times a second, and
        after the last step; the loss is a running mean over some hundred steps. `save()` is called
        every ten seconds, after a step. Raises ProblemError if the loss is no longer a number.
        """
        with held_back() as stop:
            for now in self.going(stop, save):
                try:
                    if progress:
                        progress(now.step, self.schedule.steps, now.loss, now.speed)
                except KeyboardInterrupt:
                    stop.pressed = True

    def going(self, stop: Stop, save: Callable[[], object] | None = None) -> Iterator[Now]:
        """The same, watched from outside: where it is, as often as `progress` is called."""
        parameters, schedule = self.parameters, self.schedule
        optimiser = optimiser_of(schedule, parameters, self.state)
        drawn = self.batches()
        every = max(1, schedule.steps // _POINTS)
        first, seconds_before = self.done, self.seconds
        total, running, since = 0.0, 0.0, self.done
        saved = shown = began = time.perf_counter()
        with np.errstate(all="ignore"):
            advance, count = self._advance(parameters, optimiser), 1
        while self.done < schedule.steps:
            count = min(count, schedule.steps - self.done, every - self.done % every)
            noted = (self.done + count) % every == 0
            before = _copies(parameters) if self.watched and noted else {}
            started = time.perf_counter()
            with np.errstate(all="ignore"):  # a NaN is told of in one line
                for loss in advance(list(itertools.islice(drawn, count))):
                    total += loss
                    running = loss if self.done == first else running + 0.01 * (loss - running)
                    self.done += 1
            now = time.perf_counter()
            if stop.pressed or self.done == schedule.steps or now - shown > _SHOWN_EVERY:
                shown = now
                yield Now(self.done, running, (self.done - first) / (now - began))
            last = stop.pressed or self.done == schedule.steps
            if last or noted:
                self._note(since, total / (self.done - since))
                total, since = 0.0, self.done
                self.seconds = seconds_before + now - began
                self.state = optimiser.state
            if before:
                self.updates.append((self.done, _update_sizes(before, parameters)))
            if last:
                break
            # At a point of the curve, so that this too goes on as if nothing had been.
            if save and noted and now - saved > SAVED_EVERY:
                save()
                saved = time.perf_counter()
            if self.compiled:
                count = max(1, int(count * min(2, _CALL / max(now - started, 1e-6))))
        self.seconds = seconds_before + time.perf_counter() - began

    def _advance(
        self, parameters: dict[str, Array], optimiser: Optimiser
    ) -> Callable[[list[Batch]], Iterable[float]]:
        """A function that takes the steps of some batches, and gives their losses."""
        schedule = self.schedule
        gradients = hand_gradients(self.problem)
        lists = any("[" in name for name in parameters)
        checked: list[bool] = []

        def plain(batches: list[Batch]) -> Iterator[float]:
            for self.values["X"], self.values["Y"] in batches:
                found = gradients(self.values)
                answers = items_named(found.answers) if lists else found.answers
                if not checked:
                    check_gradients(self.problem, parameters, found.loss, answers)
                    checked.append(True)
                numbers = optimiser.numbers(schedule.learning_rate(self.done), self.done)
                optimiser.update(parameters, answers, optimiser.state, **numbers)
                yield float(found.loss)

        def fast(batches: list[Batch]) -> Iterable[float]:
            assert isinstance(steps, FastSteps)
            places = range(self.done, self.done + len(batches))
            numbers = [optimiser.numbers(schedule.learning_rate(i), i) for i in places]
            fed = {
                name: np.array([each[name] for each in numbers], np.float32) for name in numbers[0]
            }
            X, Y = (np.stack(part) for part in zip(*batches, strict=True))
            return steps.run({"X": X, "Y": Y, **fed}).tolist()

        if not self.compiled:
            return plain
        steps = fast_steps(self.problem, self.values, parameters, optimiser)
        if isinstance(steps, str):
            self.compiled, self.note = False, steps
            return plain
        self.note = steps.note
        return fast

    def _note(self, since: int, mean: float) -> None:
        """Adds a point to the loss curve."""
        if not math.isfinite(mean):
            raise ProblemError(
                f"{self.problem.file}: the loss became {mean} between steps {since + 1} and "
                f"{self.done}: is a gradient wrong? `byhand check` will tell"
            )
        self.losses.append((self.done, mean))


def _copies(parameters: Mapping[str, Array]) -> dict[str, Array]:
    """Of the matrices: biases and gains change on a scale of their own."""
    return {name: parameter.copy() for name, parameter in parameters.items() if parameter.ndim > 1}


def _update_sizes(before: Mapping[str, Array], after: Mapping[str, Array]) -> dict[str, float]:
    return {
        name: float((after[name] - matrix).std() / matrix.std()) for name, matrix in before.items()
    }
