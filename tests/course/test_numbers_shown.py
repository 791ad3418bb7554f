"""The numbers that a reading shows are those of its example, and a wrong one is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from byhand.course.course import Lesson, bundled, load_course
from byhand.course.numbers_shown import numbers

HALF = '''\
"""Half of a square."""


def inputs(rng):
    return {"x": np.array([1.0, 3.0])}


def forward(x):
    y = x**2 / 16
    loss = y.sum()
    return loss
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "half.py").write_text(HALF.replace('"""\n\n', '"""\n\nimport numpy as np\n', 1))
    return tmp_path


@pytest.mark.parametrize(
    ("shown", "wrong"),
    [
        ("x\n  1  3\ny\n  0.0625\n\n  0.5625\ndx\n  0.13  0.375\n", None),
        ("y\n  0.062  0.563\n", None),  # halves may be rounded either way
        ("y\n  0.0625  0.5635\n", "y has 0.5625 where the reading shows 0.5635"),
        ("dx\n  0.12  0.375\n", None),
        ("dx\n  0.11  0.375\n", "dx has 0.125 where the reading shows 0.11"),
        ("y\n  0.0625\n", "y has 2 numbers, and the reading shows 1"),
        ("y\n  a  nan\n", "where the reading shows a"),
        ("z\n  1\n", "has no z"),
    ],
)
def test_each_number_is_compared(folder: Path, shown: str, wrong: str | None) -> None:
    found = list(numbers(f"# Halves\n\n```text numbers half.py\n{shown}```\n", folder))
    assert wrong in found[0] if wrong else not found


def test_an_example_that_is_not_there(folder: Path) -> None:
    (said,) = numbers("```text numbers third.py\nx\n  1\n```\n", folder)
    assert "third.py" in said


@pytest.mark.parametrize("lesson", load_course(bundled()).lessons, ids=lambda lesson: lesson.name)
def test_the_numbers_of_the_bundled_readings(lesson: Lesson) -> None:
    assert not list(numbers(lesson.reading.read_text(), lesson.folder))


def test_lesson_6_shows_all_26_gradients() -> None:
    """All but `demb`, whose numbers are those of `dembcat` in another shape."""
    lesson = next(each for each in load_course(bundled()).lessons if each.name.startswith("6"))
    text = lesson.reading.read_text()
    walked = [int(number) for number in re.findall(r"\b(\d+)\. `d\w+`", text)]
    assert walked == list(range(1, 27))
    shown = set(re.findall(r"^(d\w+)\n", text, re.M))
    asked = [e.blanks.asked for e in lesson.exercises if e.problem.stem == "mlp"]
    names = {f"d{name}" for one in asked for name in one}
    assert names - shown == {"demb"}
    assert len(names) == 26
