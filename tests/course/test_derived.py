"""The solutions of the course and the backwards of the zoo, beside what is derived from forward."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.course.course import bundled, load_course
from byhand.deriving.derive import derive
from byhand.deriving.own_backward import compared
from byhand.program.problem import load, zoo

SOLUTIONS = {exercise.problem: exercise.id for exercise in load_course(bundled()).exercises}
FILES = {**{str(file): name for file, name in SOLUTIONS.items()}, **{name: name for name in zoo()}}
BOTH_WAYS = [
    pytest.param(file, closed, id=f"{name}-{'closed' if closed else 'every step'}")
    for file, name in FILES.items()
    for closed in (False, True)
    if not (closed and file in zoo())  # these are in tests/deriving/test_closed_right.py
]


@pytest.mark.parametrize(("file", "closed"), BOTH_WAYS)
def test_what_is_derived_agrees(file: str, closed: bool) -> None:
    problem = load(Path(file) if file.endswith(".py") else file)
    inputs = problem.inputs()
    found = compared(problem, inputs, derive(problem, inputs, closed=closed))
    assert found is not None
    assert found.agree, found
