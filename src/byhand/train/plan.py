"""All that is settled before the first step: of a new run, and of one that goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from byhand.errors import DataError
from byhand.program.problem import Inputs, Problem, zoo
from byhand.train.compiled import WORTH_IT
from byhand.train.data import Split, Words, read_words, split
from byhand.train.loop import Descent, in_precision
from byhand.train.run import load_run
from byhand.train.sample import restored
from byhand.train.schedule import Schedule, schedule_of
from byhand.train.sizes import check_trainable, reads_words, training_sizes


@dataclass(frozen=True)
class TrainingPlan:
    """All that is settled before the first step."""

    words: Words
    split: Split
    sizes: dict[str, int]
    descent: Descent


def fresh(
    problem: Problem,
    data: str | Path,
    seed: int,
    sizes: Mapping[str, int],
    settings: Mapping[str, Any],
) -> TrainingPlan:
    schedule = schedule_of(problem, settings)
    found = read_words(data)
    full = training_sizes(problem, sizes, found.vocabulary)
    values = problem.inputs(seed, **full)
    check_trainable(problem, values)
    return _plan(problem, found, full, values, seed, schedule)


def resumed(
    problem: Problem,
    place: Path,
    data: str | Path | None,
    steps: int | None,
    seed: int | None,
    sizes: Mapping[str, int] | None,
    schedule: Mapping[str, Any] | None,
) -> TrainingPlan:
    """Goes on from a run folder, which has an answer to every question that a new run has."""
    run = load_run(place)
    config = run.config
    found = read_words(config.data if data is None else data)
    asked = {
        "another model": (address(problem), config.file),
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
) -> TrainingPlan:
    n, block = values["X"].shape
    parts = split(found, block, whole=reads_words(values))
    single = in_precision(values, np.float32)
    worth_it = schedule.steps >= WORTH_IT and schedule.batch == "mini"
    descent = Descent(problem, single, parts.train, n, seed, schedule, compiled=worth_it)
    return TrainingPlan(found, parts, sizes, descent)


def address(problem: Problem) -> str:
    """How to load the problem again: its name in the zoo, or its path."""
    path = Path(problem.file).resolve()
    known = zoo().get(problem.name)
    return problem.name if known is not None and known.resolve() == path else str(path)
