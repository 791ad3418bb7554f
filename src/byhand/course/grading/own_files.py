"""Exercises that are a teacher's own solved file, in any form that byhand reads: pairs of
functions, layers, notebooks. Each problem in it is an exercise; what students hand in has the same
form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from byhand.course.blanks import Blanks
from byhand.course.course import Exercise
from byhand.errors import ByhandError, CourseError
from byhand.files import read
from byhand.program.problem import Problem
from byhand.sources.load import sources
from byhand.values import tree
from byhand.values.held import float_array

KINDS = (".py", ".ipynb")


@dataclass(frozen=True)
class OwnExercise(Exercise):
    """A problem of such a file. `answers` are the inputs whose gradients it gives."""

    answers: tuple[str, ...] = ()

    @cached_property
    def blanks(self) -> Blanks:
        text = read(self.problem).decode("utf-8-sig", errors="replace")
        return Blanks(text, self.answers, "", ())

    @property
    def file(self) -> str:
        return self.problem.name


def own_exercises(path: Path) -> tuple[OwnExercise, ...]:
    """The exercises of a solved file. Raises CourseError where it has none that can be read."""
    found: list[OwnExercise] = []
    missed: list[str] = []
    try:
        problems = sources(path)
    except ByhandError as error:
        raise CourseError(str(error)) from None
    for each in problems:
        try:
            asked = _asked(each.read())
        except ByhandError as error:
            missed.append(str(error))
            continue
        found.append(
            OwnExercise(path.stem, each.name, each.name, f"in {path.name}", path, (), answers=asked)
        )
    if not found:
        raise CourseError(missed[0])
    return tuple(found)


def read_problem(path: Path, text: str, name: str) -> Problem:
    """The problem of a name in a file with this text. Raises ProblemError, CourseError."""
    for each in sources(path, text=text):
        if each.name == name:
            return each.read()
    raise CourseError(f"{path}: has no {name}")


def _asked(problem: Problem) -> tuple[str, ...]:
    """The inputs whose gradients a problem is to give."""
    return tuple(
        name
        for name, value in problem.inputs().items()
        if name not in problem.data
        and any(float_array(leaf) is not None for _, leaf in tree.leaves(value))
    )
