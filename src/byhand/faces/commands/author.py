"""`byhand author new NAME` and `byhand author check [DIR]`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from byhand.course.course import Exercise

TIMEOUT = 120.0


@click.group()
def author() -> None:
    """Tools for writing exercises."""


@author.command()
@click.argument("name")
@click.option("--course", metavar="DIR", default=".", help="The folder of the course.")
def new(name: str, course: str) -> int:
    """Makes a starter lesson: a reading, an exercise and its hints."""
    from byhand.course.course import check_name
    from byhand.course.skeleton import new_lesson
    from byhand.faces import terminal

    lesson = new_lesson(Path(course), check_name(name, Path("NAME")))
    where = "" if course == "." else f" {course}"
    terminal.say(f"{lesson} is there. When you have changed it: byhand author check{where}")
    return 0


@author.command()
@click.argument("folder", metavar="[DIR]", required=False)
@click.option(
    "--referee",
    type=click.Choice(["finite", "torch", "jax"]),
    default="finite",
    show_default=True,
    help="A second referee that must find the solutions right.",
)
def check(folder: str | None, referee: str) -> int:
    """Checks every exercise and every reading of the course in DIR.

    Without DIR it is the course that comes with byhand. Exit status: 0 if nothing is wrong, 1 if
    something is, 2 if it could not be checked.
    """
    from byhand.course import author as rules
    from byhand.course import glossary
    from byhand.course.course import bundled, load_course
    from byhand.faces import terminal

    course = load_course(bundled() if folder is None else Path(folder))
    wrong = 0
    for lesson in course.lessons:
        wrong += _tell(f"{lesson.name}: reading", rules.read(lesson))
        for exercise in lesson.exercises:
            wrong += _tell(f"{exercise.number} {exercise.name}", _found(exercise, referee))
    misused = (f"{place}: {what}" for place, what in glossary.misused(course))
    wrong += _tell("words", misused) if glossary.terms(course) else 0
    count = len(course.exercises)
    terminal.say(f"{count} exercise{'s' if count > 1 else ''}, {wrong or 'nothing'} wrong")
    return 1 if wrong else 0


def _found(exercise: Exercise, referee: str) -> list[str]:
    """What is wrong with one exercise."""
    from byhand.course import author as rules
    from byhand.errors import ByhandError
    from byhand.faces.run_user_code import guest

    found: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        try:
            found += rules.hinted(exercise)
            with guest(str(exercise.problem), TIMEOUT):
                found += rules.solved(exercise, ("engine", referee))
            with guest(str(place / f"{exercise.name}.py"), TIMEOUT):
                found += rules.shipped(exercise, place)
                found += rules.diagnosed(exercise, place)
        except ByhandError as error:
            found.append(str(error))
    return found


def _tell(what: str, found: Iterable[str]) -> int:
    """Says what is wrong with something, or that it is right; gives how much is wrong."""
    from byhand.errors import one_line
    from byhand.faces import terminal

    problems = list(found)
    for problem in problems:
        terminal.say(f"✗ {what}: {one_line(problem)}")
    if not problems:
        terminal.say(f"✓ {what}")
    return len(problems)
