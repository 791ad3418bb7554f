"""Forward's steps beside their gradients, as a report tells of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from byhand.checking.cells import place
from byhand.checking.judging.isolated_run import unscaled
from byhand.checking.judging.trial import Trial
from byhand.checking.report import Row
from byhand.checking.summary import SIDE, StepSummary, Summary, Use
from byhand.checking.uses import axes_of, read_in
from byhand.engine.tensor import Tensor
from byhand.program.program import Step
from byhand.values.arrays import Array
from byhand.values.held import array, as_number


def steps_of(
    trial: Trial, rows: Sequence[Row], cells: Sequence[int] = ()
) -> tuple[StepSummary, ...]:
    """The steps of a trial's forward, in order, inputs first; `rows` are those of its report, and
    `cells` the first lines of a notebook's cells."""
    truth = trial.drawn.truth
    places = {step.tensor: i for i, step in enumerate(truth)}
    judged = {(row.name, row.binding): i for i, row in enumerate(rows)}
    return tuple(_step(trial, step, places, judged, rows, cells) for step in truth)


def _step(
    trial: Trial,
    step: Step,
    places: Mapping[Tensor, int],
    judged: Mapping[tuple[str, int], int],
    rows: Sequence[Row],
    cells: Sequence[int],
) -> StepSummary:
    drawn, key = trial.drawn, (step.name, step.binding)
    true = drawn.true_gradients.get(step.tensor)
    row = judged.get(key)
    line, cell = step.line, None
    if cells and line is not None:
        cell, line = place(line, cells)
    return StepSummary(
        name=step.name,
        line=line,
        cell=cell,
        source=step.source,
        op=step.op,
        shape=step.shape,
        uses=tuple(_uses(trial, step, places, judged, rows)),
        value=summary_of(drawn.program.by_key[key].value),
        gradient=None if true is None else summary_of(true.value),
        answer=None if row is None or rows[row].right else _answer(trial, key),
        row=row,
        returned=step in drawn.truth.outputs,
    )


def _answer(trial: Trial, key: tuple[str, int]) -> Summary | None:
    """What backward gave, if that is an array."""
    answer = trial.answers.by_key.get(key)
    value = None if answer is None else array(as_number(unscaled(answer.value, answer.scale)))
    return None if value is None or value.dtype.kind != "f" else summary_of(value)


def _uses(
    trial: Trial,
    step: Step,
    places: Mapping[Tensor, int],
    judged: Mapping[tuple[str, int], int],
    rows: Sequence[Row],
) -> list[Use]:
    truth = trial.drawn.truth
    steps = list(truth)
    found: list[Use] = []
    for tensor, users in read_in(truth, step).items():
        value, axes = steps[places[tensor]], axes_of(tensor, users)
        row = judged.get((value.name, value.binding))
        missing = row is not None and _is_missing(rows[row], step.name)
        found.append(
            Use(
                value.name,
                places[tensor],
                len(users),
                axes.ops,
                copied=axes.copied,
                summed=axes.summed,
                missing=missing,
            )
        )
    return sorted(found, key=lambda use: _order(step, use.name))


def _order(step: Step, name: str) -> int:
    return step.inputs.index(name) if name in step.inputs else len(step.inputs)


def _is_missing(row: Row, through: str) -> bool:
    """Whether nothing comes back through a step: it isn't written, or lacks that path."""
    if row.verdict == "missing":
        return True
    return row.mistake is not None and through in row.mistake.lacks


def summary_of(value: Array) -> Summary:
    """At most 32 x 32 of the numbers of an array."""
    grid = np.atleast_2d(value.reshape(-1, value.shape[-1]) if value.ndim > 2 else value)
    if not grid.size:
        return Summary(grid[:SIDE, :SIDE], True, float("nan"), float("nan"))
    cells = _largest(_largest(grid, 0), 1)
    return Summary(cells, cells.size == grid.size, float(grid.min()), float(grid.max()))


def _largest(grid: Array, axis: int) -> Array:
    """The grid with at most 32 blocks along an axis: of each, what is largest in size."""
    length = grid.shape[axis]
    if length <= SIDE:
        return grid
    starts = np.arange(SIDE) * length // SIDE
    high, low = (each.reduceat(grid, starts, axis) for each in (np.maximum, np.minimum))
    return np.where(np.abs(high) >= np.abs(low), high, low)
