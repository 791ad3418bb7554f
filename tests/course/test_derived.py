"""The solutions of the course and the backwards of the zoo, beside what is derived from forward."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.course.course import bundled, load_course
from byhand.deriving.derive import derive
from byhand.deriving.own_backward import compared
from byhand.program import load
from byhand.program.problem import zoo

SOLUTIONS = {exercise.problem: exercise.id for exercise in load_course(bundled()).exercises}
FILES = {**{str(file): name for file, name in SOLUTIONS.items()}, **{name: name for name in zoo()}}


@pytest.mark.parametrize("closed", [False, True], ids=["every step", "closed"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: FILES[file])
def test_what_is_derived_agrees(file: str, closed: bool) -> None:
    problem = load(Path(file) if file.endswith(".py") else file)
    inputs = problem.inputs()
    found = compared(problem, inputs, derive(problem, inputs, closed=closed))
    assert found is not None
    assert found.agree, found
