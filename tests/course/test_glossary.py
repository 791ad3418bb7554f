"""Every term of the course is explained before it is used, and linked where it is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.course import glossary
from byhand.course.course import Course, bundled, load_course
from byhand.course.formulas import unknown
from byhand.errors import CourseError

READING = "# Squares\n\nA [square](../glossary.md#square-root) is a product. `root`s come later.\n"
ENTRY = "## square root\n\nExplained in [lesson 1](1-a/reading.md). Also: square, squares.\n\nSo.\n"


def test_the_bundled_course() -> None:
    course = load_course(bundled())
    assert len(glossary.terms(course)) > 25
    assert list(glossary.misused(course)) == []


def test_its_formulas_can_be_shown() -> None:
    course = load_course(bundled())
    texts = [lesson.reading.read_text() for lesson in course.lessons]
    texts += [exercise.why for exercise in course.exercises]
    assert [each for text in texts for each in unknown(text)] == []
    assert unknown(r"$a_i$ and $\nabla f$ and $x^{2$") == [r"\nabla f", "x^{2"]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    for lesson in ("1-a", "2-b"):
        (tmp_path / lesson).mkdir()
        (tmp_path / lesson / "reading.md").write_text("# A lesson\n\nNothing new.\n")
        (tmp_path / lesson / "first.py").write_text(
            '"""First\n\nWrite dx."""\n\n\ndef inputs(rng):\n    return {"x": 1.0}\n\n\n'
            "def forward(x):\n    y = x\n    return y\n\n\ndef backward(x):\n"
            "    # BEGIN SOLUTION\n    dx = 1.0\n    # END SOLUTION\n"
        )
        (tmp_path / lesson / "first.toml").write_text(
            'title = "First"\nhints = ["One.", "Two.", "Three."]\n'
        )
    (tmp_path / "course.toml").write_text(
        'title = "A course"\n'
        + "".join(
            f'[[lesson]]\nname = "{lesson}"\ntitle = "A"\nexercises = ["first"]\n'
            for lesson in ("1-a", "2-b")
        )
    )
    (tmp_path / "1-a" / "reading.md").write_text(READING)
    (tmp_path / "glossary.md").write_text(f"# Words\n\n{ENTRY}")
    return load_course(tmp_path)


def said(course: Course) -> list[str]:
    return [f"{place}: {what}" for place, what in glossary.misused(load_course(course.folder))]


def change(course: Course, file: str, old: str, new: str) -> None:
    place = course.folder / file
    assert old in place.read_text()
    place.write_text(place.read_text().replace(old, new))


def test_what_is_right(course: Course) -> None:
    assert said(course) == []
    change(course, "1-a/reading.md", "# Squares", "# Squares and square roots")  # no prose
    change(course, "1-a/reading.md", "come later", "come later: `square`\n\n    square = x * x\n")
    change(course, "2-b/first.toml", "One.", "A square root.")
    assert said(course) == []


def test_what_is_wrong(course: Course) -> None:
    change(course, "1-a/reading.md", "A [square]", "Squares. A [square]")
    link = "(../glossary.md#square-root)"
    assert said(course) == [f"1-a/reading.md: first has `square root` without the link {link}"]
    change(course, "glossary.md", "1-a/reading.md", "2-b/first.py")
    change(course, "1-a/first.toml", "Two.", "A square\\nroot.")
    assert said(course) == [
        "1-a/reading.md: uses `square root`, which is explained in 2-b/first.py",
        "1-a/first.py: hint 2 uses `square root`, which is explained in 2-b/first.py",
    ]
    change(course, "glossary.md", "2-b/first.py", "3-c/reading.md")
    assert said(course) == ["glossary.md: square root: there is no 3-c/reading.md"]
    change(course, "glossary.md", "Explained in", "See")
    with pytest.raises(CourseError, match="below each ## term"):
        said(course)
