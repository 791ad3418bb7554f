"""The whole course in notebooks, as Jupyter runs them: wrong answers first, then the right one."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest

from byhand.course import learner as learners
from byhand.course.course import Exercise, Lesson, bundled, load_course
from byhand.faces.learning.notebooks import write_notebooks
from sweeps import some

LESSONS = load_course(bundled()).lessons


def wrong_cells(exercise: Exercise) -> list[tuple[str, str]]:
    """Whole files, each with a wrong answer, and the mistake that it must be told."""
    source = exercise.problem.read_text()
    return [
        (f"%%check {exercise.number}\n{source.replace(each.instead_of, each.write)}", each.mistake)
        for each in exercise.wrong
    ]


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # those of Jupyter
@pytest.mark.parametrize("lesson", some(LESSONS, 5), ids=lambda lesson: lesson.name)
def test_a_lesson_from_start_to_end(tmp_path: Path, lesson: Lesson) -> None:
    learner = learners.start(tmp_path / "w", None)
    write_notebooks(learner)
    place = learner.folder / f"{lesson.name}.ipynb"
    notebook = nbformat.read(place, 4)
    nbformat.validate(notebook)
    by_magic = {f"%%check {exercise.id}": exercise for exercise in lesson.exercises}
    cells = []
    expected: list[tuple[str, str]] = []
    for cell in notebook.cells:
        magic, _, _ = cell.source.partition("\n")
        exercise = by_magic.get(magic)
        if exercise is not None:
            for source, mistake in wrong_cells(exercise):
                cells.append(nbformat.v4.new_code_cell(source))
                expected.append((exercise.number, mistake))
            cell.source = f"{magic}\n{exercise.blanks.solution}"
            expected.append((exercise.number, ""))
        cells.append(cell)
    notebook.cells = cells
    nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": learner.folder}}
    ).execute()
    shown = [cell for cell in notebook.cells if cell.source.startswith("%%check")]
    assert len(shown) == len(expected)
    for cell, (number, mistake) in zip(shown, expected, strict=True):
        (output,) = cell.outputs
        text, html = output.data["text/plain"], output.data["text/html"]
        if not mistake:
            assert "Done. On to" in text or "That's everything" in text, (number, text)
        else:
            assert mistake == "error" or f"({mistake})" in text, (number, mistake, text)
            assert f"%hint {number}" in text and "<table" in html, (number, text)
    standing = learner.standing
    assert standing.passed == {exercise.id for exercise in lesson.exercises}
