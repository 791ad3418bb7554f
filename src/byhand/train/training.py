"""Training a problem from start to end, and going on with a run that was stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from byhand.errors import DataError, ProblemError
from byhand.program.problem import Inputs, Problem, load, zoo
from byhand.train.compiled import WORTH_IT
from byhand.train.data import BUNDLED, Split, Words, read_words, split
from byhand.train.diagnostics import pictures_of
from byhand.train.evaluate import mean_loss, training_statistics
from byhand.train.folder import Place, check_free, check_writable
from byhand.train.interrupt import held_back
from byhand.train.loop import Descent, Progress, in_precision
from byhand.train.pictures import check_matplotlib
from byhand.train.run import Config, RunFolder, load_run
from byhand.train.sample import restored, words
from byhand.train.schedule import Schedule, schedule_of
from byhand.train.sizes import check_trainable, reads_words, training_sizes

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
            plan = _fresh(problem, data or BUNDLED, seed or 0, sizes or {}, settings)
        else:
            plan = _resumed(problem, Path(resume), data, steps, seed, sizes, schedule)
        plan.descent.watched = diagnostics
        plan.descent.compiled &= not (plain or diagnostics)
        plan.descent.run(progress, lambda: place.write(_underway(plan).files()))
        with held_back():  # an impatient second Ctrl-C must not lose what was learned
            run = _evaluated(plan)
            return _result(run, place.write(run.files()), plan.descent.note)


@dataclass(frozen=True)
class _Plan:
    """All that is settled before the first step."""

    words: Words
    split: Split
    sizes: dict[str, int]
    descent: Descent


def _fresh(
    problem: Problem,
    data: str | Path,
    seed: int,
    sizes: Mapping[str, int],
    settings: Mapping[str, Any],
) -> _Plan:
    schedule = schedule_of(problem, settings)
    found = read_words(data)
    full = training_sizes(problem, sizes, found.vocabulary)
    values = problem.inputs(seed, **full)
    check_trainable(problem, values)
    return _plan(problem, found, full, values, seed, schedule)


def _resumed(
    problem: Problem,
    place: Path,
    data: str | Path | None,
    steps: int | None,
    seed: int | None,
    sizes: Mapping[str, int] | None,
    schedule: Mapping[str, Any] | None,
) -> _Plan:
    """Goes on from a run folder, which has an answer to every question that a new run has."""
    run = load_run(place)
    config = run.config
    found = read_words(config.data if data is None else data)
    asked = {
        "another model": (_address(problem), config.file),
        "other data": (found.sha256, config.data_sha256),
        "another seed": (config.seed if seed is None else seed, config.seed),
        "other sizes": ({**config.sizes, **(sizes or {})}, config.sizes),
        "another schedule": (
            {**asdict(config.schedule), **(schedule or {})},
            asdict(config.schedule),
        ),
    }
    for what, (new, old) in asked.items():
        if new != old:
            raise DataError(f"{place}: was trained with {what}: only `steps` can be changed")
    goal = config.steps if steps is None else steps
    if config.done >= goal:
        raise DataError(
            f"{place}: has done {config.done} steps of {goal}: give a larger number of steps"
        )
    planned = replace(config.schedule, steps=goal)
    plan = _plan(problem, found, config.sizes, restored(problem, run), config.seed, planned)
    plan.descent.done, plan.descent.seconds = config.done, config.seconds
    plan.descent.state = run.optimiser
    plan.descent.losses, plan.descent.updates = run.losses, run.updates
    plan.descent.compiled = config.compiled
    return plan


def _plan(
    problem: Problem,
    found: Words,
    sizes: dict[str, int],
    values: Inputs,
    seed: int,
    schedule: Schedule,
) -> _Plan:
    n, block = values["X"].shape
    parts = split(found, block, whole=reads_words(values))
    single = in_precision(values, np.float32)
    worth_it = schedule.steps >= WORTH_IT and schedule.batch == "mini"
    descent = Descent(problem, single, parts.train, n, seed, schedule, compiled=worth_it)
    return _Plan(found, parts, sizes, descent)


def _underway(plan: _Plan) -> RunFolder:
    """What is needed to go on."""
    descent, problem = plan.descent, plan.descent.problem
    parameters = descent.parameters
    config = Config(
        model=problem.name,
        file=_address(problem),
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


def _evaluated(plan: _Plan) -> RunFolder:
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


def _address(problem: Problem) -> str:
    """How to load the problem again: its name in the zoo, or its path."""
    path = Path(problem.file).resolve()
    known = zoo().get(problem.name)
    return problem.name if known is not None and known.resolve() == path else str(path)
