"""The solutions of the course and the backwards of the zoo, beside what is derived from forward."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.course.course import bundled, load_course
from byhand.deriving.derive import derive
from byhand.deriving.own_backward import compared
from byhand.program.problem import load, zoo
from sweeps import a_few

SOLUTIONS = {exercise.problem: exercise.id for exercise in load_course(bundled()).exercises}
FILES = {**{str(file): name for file, name in SOLUTIONS.items()}, **{name: name for name in zoo()}}
BOTH_WAYS = [
    (file, closed)
    for file in FILES
    for closed in (False, True)
    if not (closed and file in zoo())  # these are in tests/deriving/test_closed_right.py
]


def called(value: str | bool) -> str:
    if isinstance(value, str):
        return FILES[value]
    return "closed" if value else "every step"


@pytest.mark.parametrize(("file", "closed"), a_few(BOTH_WAYS), ids=called)
def test_what_is_derived_agrees(file: str, closed: bool) -> None:
    problem = load(Path(file) if file.endswith(".py") else file)
    inputs = problem.inputs()
    found = compared(problem, inputs, derive(problem, inputs, closed=closed))
    assert found is not None
    assert found.agree, found
