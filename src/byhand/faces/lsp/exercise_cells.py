"""The exercises in a notebook of the course: cells that begin with `%%check 6.1`, each judged with
what stands around it in the exercise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from byhand.course import learner as learners
from byhand.course.cells import around, moved_text, moved_up
from byhand.course.course import Exercise
from byhand.errors import ByhandError
from byhand.faces.lsp.texts import Text
from byhand.rendering.report.as_json import as_json, from_json

_CHECKED = re.compile(r"%%check (\S+)[ \t]*(?:\n|$)")


@dataclass(frozen=True)
class ExerciseCell:
    """An exercise in the cell of this number, from 1. `source` is the file to be judged, in which a
    line of the cell is `further_down`; messages call it `file`."""

    cell: int
    uri: str
    exercise: Exercise
    file: Path
    source: str
    further_down: int


def exercise_cells(text: Text) -> list[ExerciseCell]:
    """The exercises in a notebook; none in others."""
    if not checks_itself(text):
        return []
    try:
        return list(_cells(text))
    except ByhandError:  # there is no course here
        return []


def checks_itself(text: Text) -> bool:
    """Whether it is a notebook of the course: what else stands there leads up to the exercises."""
    return text.notebook and any(_CHECKED.match(piece.source) for piece in text.pieces)


def _cells(text: Text) -> Iterator[ExerciseCell]:
    learner = learners.at(text.path.parent)
    for number, piece in enumerate(text.pieces, 1):
        if found := _CHECKED.match(piece.source):
            exercise = learner.course.find(found[1])
            # An empty line in the place of the magic: lines count from there.
            body = "\n" + piece.source[found.end() :]
            source, down = around(exercise.blanks, body)
            file = learner.path(exercise)
            yield ExerciseCell(number, piece.uri, exercise, file, source, down)


def placed(answer: Mapping[str, Any], there: ExerciseCell) -> list[dict[str, Any]]:
    """The problems in an answer, with lines counted in the cell. Forward has none there."""
    name = there.exercise.number
    if "error" in answer:
        error = moved_text(answer["error"], there.further_down)
        return [{"name": name, "error": error, "file": str(there.file), "cell": there.cell}]
    found: list[dict[str, Any]] = []
    for problem in answer["problems"]:
        report = moved_up(from_json(problem), there.further_down)
        rows = tuple(replace(row, cell=there.cell) for row in report.rows)
        found.append({**as_json(replace(report, rows=rows, program=())), "name": name})
    return found
