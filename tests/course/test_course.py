"""Reading a course: what is wrong with it is said in one line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_course import AGAIN, COURSE, HINTS, write_course

from byhand.course.course import bundled, load_course
from byhand.errors import ByhandError, CourseError


def test_a_course(tmp_path: Path) -> None:
    course = load_course(write_course(tmp_path / "course"))
    assert course.title == "Small things"
    assert [e.number for e in course.exercises] == ["1.1", "1.2"]
    square, again = course.exercises
    assert again.problem == square.problem
    for what in ("1.2", "again", "1-squares/again", "1-squares/again.py"):
        assert course.find(what) == again
    with pytest.raises(CourseError, match="agian: no such exercise; did you mean again"):
        course.find("agian")


def test_lessons_are_numbered_as_their_names_say(tmp_path: Path) -> None:
    write_course(tmp_path / "course", course=COURSE.replace("1-squares", "7-squares"))
    (tmp_path / "course/1-squares").rename(tmp_path / "course/7-squares")
    assert load_course(tmp_path / "course").exercises[1].number == "7.2"


@pytest.mark.parametrize(
    ("part", "content", "expected"),
    [
        ("course", "title = ", "course.toml: is not TOML"),
        ("course", 'title = "T"', "course.toml: has no lessons"),
        ("course", COURSE.replace("title", "titel", 1), "course.toml: title is missing"),
        ("course", COURSE.replace("1-squares", "../x"), "course.toml: '../x': a name has letters"),
        ("course", COURSE.replace('"again"', '"other"'), "other.toml: no such file"),
        ("course", COURSE.replace('"again"', '"square"'), "1-squares/square is there twice"),
        ("course", COURSE.replace('["square", "again"]', "[]"), "exercises is missing"),
        ("hints", HINTS.replace("hints", "hint"), "square.toml: hints is missing"),
        ("hints", HINTS + '[[wrong]]\nwrite = "x"', "square.toml: instead_of is missing"),
        ("hints", HINTS + "wrong = 3", "square.toml: wrong is not a list"),
        ("again", AGAIN.replace("square.py", "nothing"), "no such model in the zoo"),
        ("again", AGAIN.replace("task", "tsk"), "again.toml: task is missing"),
        ("again", AGAIN.replace("square.py", "none.py"), "none.py: no such file"),
        ("square", "x = 1", "square.py: has no `def inputs(...)`"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, part: str, content: str, expected: str) -> None:
    write_course(tmp_path / "course", **{part: content})
    with pytest.raises(ByhandError) as raised:
        for exercise in load_course(tmp_path / "course").exercises:
            _ = exercise.blanks
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_bundled_files_say_their_own_number() -> None:
    for exercise in load_course(bundled()).exercises:
        assert exercise.blanks.source.startswith(f'"""{exercise.number} '), exercise.id


def test_an_example_that_a_reading_shows_is_the_file_beside_it() -> None:
    for lesson in load_course(bundled()).lessons:
        shown = re.findall(r'^```python\n(""".*?)^```', lesson.reading.read_text(), re.M | re.S)
        assert set(shown) <= {file.read_text() for file in lesson.examples}, lesson.name


def test_nothing_slow_is_imported_to_say_where_one_stands() -> None:
    code = (
        "import sys, byhand.course.learner, byhand.faces.learning.watching\n"
        "from byhand.course.course import bundled, load_course\n"
        "load_course(bundled()).exercises[0].blanks\n"
        "assert not {'numpy', 'rich', 'torch'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_lesson_without_a_reading(tmp_path: Path) -> None:
    write_course(tmp_path / "course")
    (tmp_path / "course/1-squares/reading.md").unlink()
    with pytest.raises(CourseError, match="every lesson has a reading"):
        load_course(tmp_path / "course")
