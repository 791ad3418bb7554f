"""`byhand author`: the bundled course is right, a new lesson is, and what is wrong is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run_byhand

from byhand.course.course import Lesson, bundled, load_course
from sweeps import a_few, some

LESSONS = load_course(bundled()).lessons


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new lesson, in a course of its own."""
    monkeypatch.chdir(tmp_path)
    done = run_byhand("author", "new", "1-squares", "--course", "course")
    assert (done.returncode, done.stderr) == (0, "")
    return tmp_path / "course/1-squares"


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


@pytest.mark.long
@pytest.mark.parametrize("lesson", some(LESSONS, 5), ids=lambda lesson: lesson.name)
def test_every_bundled_lesson_is_right(tmp_path: Path, lesson: Lesson) -> None:
    (tmp_path / lesson.name).symlink_to(lesson.folder)
    names = [exercise.name for exercise in lesson.exercises]
    (tmp_path / "course.toml").write_text(
        f'title = "One lesson"\n[[lesson]]\nname = "{lesson.name}"\ntitle = "The lesson"\n'
        f"exercises = {names}\n"
    )
    done = run_byhand("author", "check", str(tmp_path), timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(", nothing wrong\n")


def test_a_new_lesson_is_right_and_can_be_learned(lesson: Path) -> None:
    change(lesson / "reading.md", "Name your", "```pycon\n>>> 1 + 1\n2\n```\n\nName your")
    done = run_byhand("author", "check", "course")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.splitlines()[-1] == "1 exercise, nothing wrong"
    learned = run_byhand("learn", "w", "--course", "course")
    assert (learned.returncode, learned.stderr) == (0, "")
    assert "Next: write dx and check again." in learned.stdout
    again = run_byhand("author", "new", "1-squares", "--course", "course")
    assert (again.returncode, again.stdout) == (2, "")
    assert "is there already" in again.stderr
    assert run_byhand("author", "new", "2-more", "--course", "course").returncode == 0
    assert "2 exercises, nothing" in run_byhand("author", "check", "course").stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    a_few(
        [
            ("first.py", "2 * x * dy", "3 * x * dy", "its solution: dx is wrong, says engine"),
            ("first.py", "2 * x * dy", "3 * x * dy", "its solution: dx is wrong, says finite"),
            (
                "first.py",
                "dy = np.ones_like(x)",
                "dy = 0 * x",
                "dy is wrong, though it isn't asked",
            ),
            ("first.py", "    # END SOLUTION\n", "", "begins here and never ends"),
            ("first.py", "dx = 2 * x * dy", "dx = 2 * x *", "first.py: is not Python"),
            ("first.py", "y = x * x", "y = x / 0 * x", "nan|NaN|infinity"),
            ("first.py", "y = x * x", "raise ValueError('no')", "ValueError"),
            (
                "first.toml",
                '"What is needed for the answer.",',
                "",
                "has 2 hints: write at least 3",
            ),
            ("first.toml", "What is needed for the answer.", "", "hint 2 is empty"),
            ("first.toml", "in words", "`2*(x) * dy`", "hint 3 holds a part of the solution"),
            (
                "first.toml",
                "in words",
                "2*x * dy",
                "hint 3 holds a part of the solution: 2 * x * dy",
            ),
            (
                "first.toml",
                'write = "2 * dy"',
                'write = "-2 * x * dy"',
                "to be sign, not missing-local",
            ),
            (
                "first.toml",
                'of = "2 * x * dy"',
                'of = "2 * y"',
                "`2 * y` stands 0 times in the solution",
            ),
            (
                "reading.md",
                "Name your",
                "And so on " * 12 + "Name your",
                "39 words: split it in two: And",
            ),
            ("first.toml", "in words and", "and so on " * 12 + "and", "hint 3: a sentence of"),
            ("reading.md", "dx = 2 * x", "dx = 3 * x", "doesn't print what the reading shows"),
            ("reading.md", "Name your", "```pycon\n>>> 1 + 1\n3\n```\n\nName your", "reading.md"),
            (
                "reading.md",
                "byhand derive",
                "byhand 'derive",
                "can't be read: No closing quotation",
            ),
        ]
    ),
)
def test_what_is_wrong_is_said(lesson: Path, file: str, old: str, new: str, expected: str) -> None:
    change(lesson / file, old, new)
    done = run_byhand("author", "check", "course")
    assert (done.returncode, done.stderr) == (1, "")
    wrong = [line for line in done.stdout.splitlines() if line.startswith("✗")]
    assert any(part in line for line in wrong for part in expected.split("|")), done.stdout
    assert "nothing wrong" not in done.stdout


def test_a_course_that_can_not_be_read(tmp_path: Path) -> None:
    done = run_byhand("author", "check", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "course.toml: no such file" in done.stderr
    named = run_byhand("author", "new", "../up", cwd=tmp_path)
    assert (named.returncode, named.stdout) == (2, "")
    assert "a name has letters" in named.stderr
