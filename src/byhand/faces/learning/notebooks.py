"""The lessons as notebooks, beside the learner's files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from byhand.course import glossary
from byhand.course.cells import cell_of, given, setting, statements, task
from byhand.course.course import Exercise, Lesson
from byhand.course.learner import Learner
from byhand.errors import CourseError
from byhand.files import write_aside

if TYPE_CHECKING:
    from pathlib import Path

_FIRST = "%load_ext byhand"
_HOW = """\
Run the cell to check it. `%hint {0}` gives a hint, and another each time you ask. `%explain {0}`
explains the mistake that was found, or why your answer is right. `%solution {0}` shows a
solution once yours is right, or if you ask twice. `%list` shows what you have done."""


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
    reading = reading.replace(f"](../{glossary.FILE}", f"]({glossary.FILE}")
    cells = [v4.new_markdown_cell(reading), v4.new_code_cell(_FIRST)]
    first_with: dict[str, str] = {}  # by what stands above backward: the exercise that shows it
    for exercise in lesson.exercises:
        shown = first_with.setdefault(setting(exercise.blanks), exercise.number)
        cells.append(v4.new_markdown_cell(_task(exercise, shown)))
        forward = _forward(exercise) if shown == exercise.number else None
        cells += [v4.new_code_cell(text) for text in (forward, _answer(exercise)) if text]
    python = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": python})


def _task(exercise: Exercise, shown: str) -> str:
    """What there is to do, and with what; forward only where it isn't that of an exercise above."""
    names = ", ".join(f"`{name}`" for name in given(exercise.blanks))
    if shown == exercise.number and _forward(exercise):
        forward = "Run the first cell below: it is forward, and afterwards its values are there."
    elif shown == exercise.number:
        forward = f"```python\n{setting(exercise.blanks)}\n```"
    else:
        forward = f"Forward is the same as in {shown}."
    return "\n\n".join(
        [
            f"## {exercise.number} {exercise.title}",
            task(exercise.blanks),
            forward,
            f"In backward you can use {names}.",
            _HOW.format(exercise.number),
        ]
    )


def _forward(exercise: Exercise) -> str | None:
    """Forward as statements, where that can be run."""
    text = statements(exercise.blanks)
    return None if text is None or "torch" in text or "np." not in text else text


def _answer(exercise: Exercise) -> str:
    return f"%%check {exercise.id}\n{cell_of(exercise.blanks)}".rstrip()
