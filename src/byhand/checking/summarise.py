"""Forward's steps beside their gradients, as a report tells of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from byhand.checking import cells as in_cells
from byhand.checking.judging.isolated_run import unscaled
from byhand.checking.report import Row
from byhand.checking.running.answers import Answer, Answers
from byhand.checking.sampling.sample_inputs import Draw
from byhand.checking.summary import SIDE, StepSummary, StepUse, Summary
from byhand.checking.uses import axes_of, ways_into
from byhand.engine.tensor import Tensor
from byhand.program.program import Program, Step
from byhand.referees.referee import Key
from byhand.values.arrays import Array
from byhand.values.held import array, as_number


def steps_of(
    drawn: Draw,
    answers: Answers | None = None,
    rows: Sequence[Row] = (),
    cells: Sequence[int] = (),
) -> tuple[StepSummary, ...]:
    """The steps of a draw's forward, in order, inputs first.

    `answers` are what backward gave there, if there is one, `rows` those of its report, and `cells`
    the first lines of a notebook's cells.
    """
    given: Mapping[Key, Answer] = {} if answers is None else answers.by_key
    judged = {(row.name, row.binding): (i, row) for i, row in enumerate(rows)}
    places = {step.tensor: (i, step) for i, step in enumerate(drawn.truth)}
    return tuple(_step(drawn, step, places, given, judged, cells) for step in drawn.truth)


def _step(
    drawn: Draw,
    step: Step,
    places: Mapping[Tensor, tuple[int, Step]],
    given: Mapping[Key, Answer],
    judged: Mapping[Key, tuple[int, Row]],
    cells: Sequence[int],
) -> StepSummary:
    key = step.name, step.binding
    true = drawn.true_gradients.get(step.tensor)
    number, row = judged.get(key, (None, None))
    line, cell = step.line, None
    if cells and line is not None:
        cell, line = in_cells.place(line, cells)
    wrong = row is not None and not row.right and key in given
    return StepSummary(
        name=step.name,
        line=line,
        cell=cell,
        source=step.source,
        op=step.op,
        shape=step.shape,
        uses=tuple(_uses(drawn.truth, step, places, judged)),
        value=summary_of(drawn.program.by_key[key].value),
        gradient=None if true is None else summary_of(true.value),
        answer=_answer(given[key]) if wrong else None,
        row=number,
        returned=step in drawn.truth.outputs,
    )


def _answer(answer: Answer) -> Summary | None:
    """What backward gave, if that is an array."""
    value = array(as_number(unscaled(answer.value, answer.scale)))
    return None if value is None or value.dtype.kind != "f" else summary_of(value)


def _uses(
    program: Program,
    step: Step,
    places: Mapping[Tensor, tuple[int, Step]],
    judged: Mapping[Key, tuple[int, Row]],
) -> list[StepUse]:
    found: list[StepUse] = []
    for tensor, way in ways_into(program, step).items():
        place, value = places[tensor]
        axes = axes_of(tensor, way.users)
        _, row = judged.get((value.name, value.binding), (None, None))
        found.append(
            StepUse(
                value.name,
                place,
                len(way.users),
                axes.ops,
                copied=axes.copied,
                summed=axes.summed,
                wider=way.wider,
                narrower=way.narrower,
                missing=row is not None and _is_missing(row, step.name),
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
    cells = _largest(_largest(grid, 0), 1).copy()  # nothing large is kept alive by it
    return Summary(cells, cells.size == grid.size, float(grid.min()), float(grid.max()))


def _largest(grid: Array, axis: int) -> Array:
    """The grid with at most 32 blocks along an axis: of each, what is largest in size."""
    length = grid.shape[axis]
    if length <= SIDE:
        return grid
    starts = np.arange(SIDE) * length // SIDE
    high, low = (each.reduceat(grid, starts, axis) for each in (np.maximum, np.minimum))
    return np.where(np.abs(high) >= np.abs(low), high, low)
