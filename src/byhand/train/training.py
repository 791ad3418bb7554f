"""Training a problem from start to end, and going on with a run that was stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from byhand.errors import DataError, ProblemError
from byhand.program.problem import Inputs, Problem, load, zoo
from byhand.train import folder
from byhand.train.data import BUNDLED, Split, Words, read_words, split
from byhand.train.evaluate import mean_loss, training_statistics
from byhand.train.loop import Descent, Progress, in_precision, trained_inputs
from byhand.train.run import Config, Run, load_run
from byhand.train.sample import restored, words
from byhand.train.sizes import check_trainable, training_sizes

STEPS = 200_000
_RUNS = Path("runs")
_SAMPLES = 10


@dataclass(frozen=True)
class TrainingRun:
    """What a training came to. `run` is its folder; `steps` were done, of the `planned` ones.

    `train_loss` and `val_loss` are means of the cross-entropy in nats per character over the whole
    split; `parameters` is how many numbers were trained; `compiled`, whether a compiled backward
    took the place of the Python one.
    """

    model: str
    run: str
    data: str
    steps: int
    planned: int
    seconds: float
    parameters: int
    train_loss: float
    val_loss: float
    samples: tuple[str, ...]
    compiled: bool = False

    @property
    def steps_per_second(self) -> float:
        return self.steps / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, Any]:
        """The object that `byhand train --json` prints."""
        return {
            "model": self.model,
            "run": self.run,
            "data": self.data,
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "steps_per_second": round(self.steps_per_second, 1),
            "parameters": self.parameters,
            "train_loss": self.train_loss,
            "val_loss": self.val_loss,
            "compiled": self.compiled,
            "samples": list(self.samples),
        }


def train(
    problem: Problem | str | Path,
    *,
    data: str | Path | None = None,
    steps: int | None = None,
    seed: int | None = None,
    sizes: Mapping[str, int] | None = None,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    progress: Progress | None = None,
) -> TrainingRun:
    """Trains a problem, or a model of the zoo by name, and writes a run folder.

    `data` is a text file with one word a line, by default the bundled `names`; `steps` are 200,000
    by default and `seed` is 0; `sizes` take the place of the problem's own. The folder is `out`, by
    default a new one `runs/<model>-<number>`.

    `resume` is the folder of a run to go on with, which then takes its place, unless there is an
    `out`. It has its data, seed and sizes already, and, without `steps`, its goal: the parameters
    come out as if it had never been stopped. With `steps` it gets a new goal, and the learning rate
    falls at half of that.

    `progress(step, steps, loss, steps_per_second)` is called about ten times a second. Ctrl-C stops
    between two steps, and what was learned is evaluated and written all the same.

    Raises ProblemError for a problem that can't be trained, or whose loss is no longer a number,
    and DataError for data that can't be read and a folder that can't be written.
    """
    problem = problem if isinstance(problem, Problem) else load(problem)
    for name, number, least in (("steps", steps, 1), ("seed", seed, 0)):
        if number is not None and number < least:
            raise ProblemError(f"{name} must be {least} or more, not {number}")
    if out is not None:
        _check_free(Path(out))
    if resume is None:
        folder.check_writable(_RUNS if out is None else Path(out).parent)
        descent, config, parts = _fresh(
            problem, data or BUNDLED, STEPS if steps is None else steps, seed or 0, sizes or {}
        )
    else:
        folder.check_writable(Path(resume if out is None else out).resolve().parent)
        descent, config, parts = _resumed(problem, load_run(resume), steps)
        _check_same(config, resume, data, seed, sizes)
    descent.run(progress)
    run = _evaluated(descent, config, parts)
    return _result(run, _save(run, out, resume))
