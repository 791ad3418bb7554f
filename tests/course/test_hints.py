"""What gives a solution away in a hint, and that none of the course does."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_course import HINTS, SQUARE, write_course

from byhand.course.author import hinted
from byhand.course.course import Exercise, bundled, load_course


@pytest.mark.parametrize(
    ("solution", "hint", "gives_away"),
    [
        ("dy = np.cos(y)", "Write np.cos(y) there.", True),
        ("dy = np.cos(y)", "Write `np . cos( (y) )` there.", True),
        ("dy = np.cos(y)", "It is a cosine, np.cos of something.", False),
        ("dy = -y", "It is -y.", True),
        ("dy = y.T", "It is y.T now.", True),
        ("dy = y[:, None]", "It is y[:,None].", True),
        ("if len(y):\n        dy = 2 * y\n    elif 1:\n        dy = y", "It is 2 * y.", True),
        ("dy = y", "It has to do with y.", False),
    ],
)
def test_a_hint(tmp_path: Path, solution: str, hint: str, gives_away: bool) -> None:
    square = SQUARE.replace("dy = np.cos(y)", solution)
    hints = HINTS.replace("Then the cosine.", hint)
    exercise = load_course(write_course(tmp_path / "c", square=square, hints=hints)).exercises[0]
    assert bool(list(hinted(exercise))) is gives_away


@pytest.mark.parametrize("exercise", load_course(bundled()).exercises, ids=lambda e: e.id)
def test_the_hints_of_the_course(exercise: Exercise) -> None:
    assert list(hinted(exercise)) == []
