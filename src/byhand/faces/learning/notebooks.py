"""The lessons as notebooks, beside the learner's files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from byhand.course.course import Exercise, Lesson
from byhand.course.learner import Learner
from byhand.errors import CourseError
from byhand.files import write_aside

if TYPE_CHECKING:
    from pathlib import Path

_FIRST = "%load_ext byhand"
_HOW = """\
Write the answers where the cell says so, and run it. `%hint {0}` gives a hint, each time one more;
`%solution {0}` shows a solution once yours is right, or when asked twice; `%list` what is done."""


def write_notebooks(learner: Learner) -> list[Path]:
    """Writes a notebook for each lesson that has none yet; gives those that were written.

    Raises CourseError if nbformat isn't installed or a lesson can't be used.
    """
    try:
        import nbformat  # pyright: ignore[reportMissingTypeStubs]
    except ImportError:
        raise CourseError("notebooks need nbformat: pip install 'byhand[notebook]'") from None
    written: list[Path] = []
    for lesson in learner.course.lessons:
        place = learner.folder / f"{lesson.name}.ipynb"
        if not place.exists():  # never over a learner's file
            write_aside(place, nbformat.writes(_notebook(lesson, nbformat.v4)))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            written.append(place)
    return written


def _notebook(lesson: Lesson, v4: Any) -> Any:
    reading = lesson.reading.read_text(encoding="utf-8")
    cells = [v4.new_markdown_cell(reading), v4.new_code_cell(_FIRST)]
    for exercise in lesson.exercises:
        cells += [v4.new_markdown_cell(_title(exercise)), v4.new_code_cell(_answer(exercise))]
    python = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": python})


def _title(exercise: Exercise) -> str:
    return f"## {exercise.number} {exercise.title}\n\n{_HOW.format(exercise.number)}"


def _answer(exercise: Exercise) -> str:
    return f"%%check {exercise.id}\n{exercise.blanks.source}".rstrip()
