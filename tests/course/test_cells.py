"""A cell of a notebook holds what is to be written; the rest is put around it; lines are right."""

from __future__ import annotations

import pytest

from byhand.checking.report import Mistake, Report, Row
from byhand.course.cells import around, cell_of, moved_up
from byhand.course.course import Exercise, bundled, load_course

EXERCISES = load_course(bundled()).exercises


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_a_cell_goes_back_to_where_it_came_from(exercise: Exercise) -> None:
    cell = cell_of(exercise.blanks)
    for above in (0, 3):
        source, further_down = around(exercise.blanks, "\n" * above + cell + "\n")
        assert source == exercise.blanks.source
        line = source.split("\n").index(_first(source)) + 1
        assert line - further_down == above + 1


def _first(source: str) -> str:
    return next(line for line in source.split("\n") if line.endswith("# your turn"))


def test_a_cell_with_a_backward_is_a_whole_file() -> None:
    cell = "def forward(x):\n    return x\n\n\ndef backward(x):\n    dx = 1\n"
    assert around(EXERCISES[0].blanks, cell) == (cell, 0)


def test_lines_are_counted_within_the_cell() -> None:
    rows = (
        Row("x", "wrong", 12, mistake=Mistake("sign", "as in line 11")),
        Row("y", "error", 3, note="line 3"),
    )
    moved = moved_up(Report("a.py", "engine", "float64", 0, rows, notes=("a.py:13: no",)), 10)
    assert [row.line for row in moved.rows] == [2, None]
    assert moved.rows[0].mistake == Mistake("sign", "as in line 1")
    assert moved.rows[1].note == "line 3"  # above the cell
    assert moved.notes == ("a.py:3: no",)
