"""Training a problem from start to end, and going on with a run that was stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from byhand.errors import ProblemError
from byhand.program.problem import Problem, load
from byhand.train.data import BUNDLED
from byhand.train.diagnostics import pictures_of
from byhand.train.evaluate import mean_loss, training_statistics
from byhand.train.folder import Place, check_free, check_writable
from byhand.train.interrupt import held_back
from byhand.train.loop import Progress
from byhand.train.pictures import check_matplotlib
from byhand.train.plan import TrainingPlan, address, fresh, resumed
from byhand.train.run import Config, RunFolder
from byhand.train.sample import words

_RUNS = Path("runs")
_SAMPLES = 10


@dataclass(frozen=True)
class TrainingRun:
    """What a training came to. `run` is its folder; `steps` were done, of the `planned` ones.

    `train_loss` and `val_loss` are means of the cross-entropy in nats per character over the whole
    split; `parameters` is how many numbers were trained; `compiled`, whether the steps were machine
    code made from forward and backward. `note` says why they weren't, or which parts weren't.
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
    note: str | None = None

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
    schedule: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    diagnostics: bool = False,
    plain: bool = False,
    progress: Progress | None = None,
) -> TrainingRun:
    """Trains a problem, or a model of the zoo by name, and writes a run folder.

    `data` is a text file with one word a line, by default the bundled `names`; `steps` are those of
    the problem's schedule by default, and `seed` is 0; `sizes` and `schedule` take the place of the
    problem's own. The folder is `out`, by default a new one `runs/<model>-<number>`. With
    `diagnostics`, pictures of activations, gradients and updates are written into it.

    The run is saved every ten seconds, so that it can go on if the process is killed. `resume` is
    the folder of a run to go on with, which then takes its place, unless there is an `out`. It has
    its data, seed, sizes and schedule already, and, without `steps`, its goal: the parameters come
    out as if it had never been stopped. With `steps` it gets a new goal, and the learning rate
    falls where it does for that.

    From 2,000 steps on they are compiled where they can be, unless `plain`; a run that goes on is
    compiled or plain as it was before. Steps that diagnostics watch are plain.

    `progress(step, steps, loss, steps_per_second)` is called about ten times a second. Ctrl-C stops
    between two steps, and what was learned is evaluated and written all the same.

    Raises ProblemError for a problem that can't be trained, or whose loss is no longer a number,
    and DataError for data that can't be read and a folder that can't be written.
    """
    problem = problem if isinstance(problem, Problem) else load(problem)
    for name, number, least in (("steps", steps, 1), ("seed", seed, 0)):
        if number is not None and number < least:
            raise ProblemError(f"{name} must be {least} or more, not {number}")
    if diagnostics:
        check_matplotlib()
    with _place(problem.name, out, resume) as place:
        if resume is None:
            settings = {**(schedule or {}), **({} if steps is None else {"steps": steps})}
            plan = fresh(problem, data or BUNDLED, seed or 0, sizes or {}, settings)
        else:
            plan = resumed(problem, Path(resume), data, steps, seed, sizes, schedule)
        plan.descent.watched = diagnostics
        plan.descent.compiled &= not (plain or diagnostics)
        plan.descent.run(progress, lambda: place.write(_underway(plan).files()))
        with held_back():  # an impatient second Ctrl-C must not lose what was learned
            run = _evaluated(plan)
            return _result(run, place.write(run.files()), plan.descent.note)


def _underway(plan: TrainingPlan) -> RunFolder:
    """What is needed to go on."""
    descent, problem = plan.descent, plan.descent.problem
    parameters = descent.parameters
    config = Config(
        model=problem.name,
        file=address(problem),
        data=plan.words.source,
        data_sha256=plan.words.sha256,
        characters=plan.words.characters,
        sizes=plan.sizes,
        schedule=descent.schedule,
        seed=descent.seed,
        done=descent.done,
        seconds=descent.seconds,
        parameters=sum(parameter.size for parameter in parameters.values()),
        compiled=descent.compiled,
    )
    return RunFolder(config, parameters, descent.state, descent.losses, updates=descent.updates)


def _evaluated(plan: TrainingPlan) -> RunFolder:
    """What is to be kept of a descent, as far as it went."""
    descent, problem, values = plan.descent, plan.descent.problem, plan.descent.values
    run = _underway(plan)
    statistics = training_statistics(problem, values, plan.split.train)
    losses = {
        "train_loss": mean_loss(problem, values, statistics, plan.split.train),
        "val_loss": mean_loss(problem, values, statistics, plan.split.validation),
    }
    drawn = words(problem, values, statistics, plan.words.characters, _SAMPLES, seed=0)
    return replace(
        run,
        config=replace(run.config, **losses),
        statistics=statistics,
        samples=tuple(drawn),
        pictures=pictures_of(descent) if descent.watched else {},
    )


def _result(run: RunFolder, place: Path, note: str | None) -> TrainingRun:
    config = run.config
    assert config.train_loss is not None and config.val_loss is not None
    return TrainingRun(
        model=config.model,
        run=str(place),
        data=config.data,
        steps=config.done,
        planned=config.steps,
        seconds=config.seconds,
        parameters=config.parameters,
        train_loss=config.train_loss,
        val_loss=config.val_loss,
        samples=run.samples,
        compiled=config.compiled,
        note=note,
    )


def _place(model: str, out: str | Path | None, resume: str | Path | None) -> Place:
    """Where the run will be written. Raises DataError now if it can't be."""
    if out is not None:
        check_free(Path(out))
        place = Place(Path(out).parent, model, Path(out))
    elif resume is not None:
        place = Place(Path(resume).parent, model, Path(resume), fresh=False)
    else:
        place = Place(_RUNS, model)
    check_writable(place.parent)
    return place
