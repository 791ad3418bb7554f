"""Texts that a submission had a hand in are never obeyed by what the results are opened with."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from handing_in import write_course
from hypothesis import example, given
from hypothesis import strategies as st

from byhand.course.course import load_course
from byhand.course.grading import outputs
from byhand.course.grading.confine import Limits
from byhand.course.grading.grader import Grades, Grading
from byhand.course.grading.mark import nothing
from byhand.course.grading.submissions import Student
from byhand.course.grading.worker import Outcome

STARTS = "=+-@\t\r\n |%;,\"'＝＋－＠﹢﹣⁼−\u200b\ufeff\u00a0\u3000\u202e"


@pytest.fixture(scope="module")
def grading(tmp_path_factory: pytest.TempPathFactory) -> Grading:
    course = load_course(write_course(tmp_path_factory.mktemp("course") / "c"))
    return Grading(Path(), course, course.exercises, (), Limits())


def written(grading: Grading, student: str, reason: str) -> str:
    (exercise,) = grading.exercises
    who = Student(student, student, is_file=False)
    outcome = Outcome(who.shown, exercise.id, nothing(("y", "x")), reason)
    grades = Grades(
        Grading(Path(), grading.course, grading.exercises, (who,), Limits()), (outcome,), 1
    )
    return outputs._csv(grades, {who.shown: {exercise.id: outcome}})


@given(
    st.text(STARTS, min_size=1, max_size=3), st.text(max_size=8), st.text(STARTS + "a1", max_size=5)
)
@example("=", "cmd|' /C calc'!A0", "")
@example("a;", "=1+1", "")
@example('a";', "=1+1", "")
@example("ann", "", "1;=1+1")
@example("ann", "", '1;"=1+1')
def test_no_cell_begins_like_a_formula(
    grading: Grading, start: str, name: str, reason: str
) -> None:
    """Whatever takes the file apart: at commas, at semicolons, at tabs."""
    text = written(grading, start + name, reason)
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            for cell in row:
                assert not cell or cell[0] == "'" or cell[0].isalnum(), text
    (_, row) = csv.reader(io.StringIO(text, newline=""))
    shown = Student(start + name, "", is_file=False).shown
    assert row[0].replace("'", "") == shown.replace("'", "")
