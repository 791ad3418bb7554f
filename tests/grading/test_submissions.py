"""Files that were handed in are found, and read without trusting them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from handing_in import FILE, RIGHT, hand_in, write_course

from byhand.course.course import Exercise, load_course
from byhand.course.grading.submissions import LARGEST, MISSING, handed_in, students
from byhand.errors import CourseError


@pytest.fixture
def exercise(tmp_path: Path) -> Exercise:
    return load_course(write_course(tmp_path / "course")).exercises[0]


def test_a_folder_or_a_file_for_each_student(tmp_path: Path, exercise: Exercise) -> None:
    folder = tmp_path / "students"
    hand_in(folder, "ann", RIGHT)
    (folder / "bea").mkdir()
    (folder / "bea" / "sine.py").write_text("# flat")
    (folder / "cal.py").write_text("# a file")
    (folder / "dan").mkdir()
    for left_aside in (".DS_Store", "__MACOSX", "notes.txt"):
        (folder / left_aside).write_text("")
    found = students(folder, [exercise])
    assert [student.name for student in found] == ["ann", "bea", "cal", "dan"]
    contents = [handed_in(folder, student, exercise, [exercise]) for student in found]
    assert [handed.content for handed in contents] == [RIGHT.encode(), b"# flat", b"# a file", None]
    assert contents[-1].refused == MISSING


def test_a_file_without_its_lesson_is_for_one_exercise(tmp_path: Path, exercise: Exercise) -> None:
    namesake = replace(exercise, lesson="2-more-sines")
    flat = tmp_path / "students" / "ann" / "sine.py"
    flat.parent.mkdir(parents=True)
    flat.write_text(RIGHT)
    (ann,) = students(tmp_path / "students", [exercise, namesake])
    both = handed_in(tmp_path / "students", ann, exercise, [exercise, namesake])
    assert both.content is None and both.refused == MISSING
    alone = handed_in(tmp_path / "students", ann, exercise, [exercise])
    assert alone.content == RIGHT.encode()


def notebook(*cells: str) -> str:
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "# Sines"}, *code]})


ANSWER = "dy = np.cos(y)\ndx = 2 * x * dy"


@pytest.mark.parametrize("name", ["1.1", "sine", "1-sines/sine"])
def test_the_last_cell_for_an_exercise_counts(
    tmp_path: Path, exercise: Exercise, name: str
) -> None:
    folder = tmp_path / "students"
    folder.mkdir()
    first, other = f"%%check {name}\ndy = 1", "%%check 1.2\ndy = 2"
    (folder / "ann.ipynb").write_text(
        notebook("%load_ext byhand", first, f"%%check {name}\n{ANSWER}", other, "dy = 3", "%hint")
    )
    (ann,) = students(folder, [exercise, exercise])
    handed = handed_in(folder, ann, exercise, [exercise])
    assert ann.shown == "ann" and handed.content == RIGHT.encode()
    written = [*RIGHT.splitlines()]
    assert written[handed.further_down + 1] == "    dy = np.cos(y)"  # line 2 of its cell


def test_a_notebook_counts_where_no_file_was_written_in(tmp_path: Path, exercise: Exercise) -> None:
    folder = tmp_path / "students"
    file = hand_in(folder, "ann", exercise.blanks.source)
    (folder / "ann" / "homework.ipynb").write_text(notebook(f"%%check 1.1\n{ANSWER}"))
    (folder / "ann" / "another.ipynb").write_text(notebook("print(1)"))
    (ann,) = students(folder, [exercise])
    assert handed_in(folder, ann, exercise, [exercise]).content == RIGHT.encode()
    file.write_text("# mine")
    assert handed_in(folder, ann, exercise, [exercise]).content == b"# mine"
    file.unlink()
    assert handed_in(folder, ann, exercise, [exercise]).content == RIGHT.encode()
    (folder / "ann" / "homework.ipynb").unlink()
    assert handed_in(folder, ann, exercise, [exercise]).refused == MISSING


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("no JSON", "is not a notebook"),
        ("[" * 100_000, "is not a notebook"),
        ('{"cells": 3}', "is not a notebook"),
        ('{"cells": [{"cell_type": "code", "source": [3]}]}', "is not a notebook"),
        (notebook(), MISSING),
        (notebook("%%check 1.1\n" + "#" * LARGEST), "larger than 256 kB"),
    ],
)
def test_a_notebook_that_has_no_answer_says_why(
    tmp_path: Path, exercise: Exercise, content: str, word: str
) -> None:
    folder = tmp_path / "students"
    folder.mkdir()
    (folder / "ann.ipynb").write_text(content)
    (ann,) = students(folder, [exercise])
    handed = handed_in(folder, ann, exercise, [exercise])
    assert handed.content is None and word in handed.refused


def test_names_are_shown_without_what_a_terminal_would_obey(
    tmp_path: Path, exercise: Exercise
) -> None:
    (tmp_path / "students" / os.fsdecode(b"a\nb\xff")).mkdir(parents=True)
    (found,) = students(tmp_path / "students", [exercise])
    assert found.shown == "a\ufffdb\ufffd"


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda file: file.symlink_to("/etc/passwd"), "is a link"),
        (lambda file: file.symlink_to("nowhere"), "is a link"),
        (lambda file: file.mkdir(), "not a plain file"),
        (lambda file: os.mkfifo(file), "not a plain file"),
        (lambda file: file.write_bytes(b"#" * (LARGEST + 1)), "larger than 256 kB"),
    ],
)
def test_only_plain_files_are_read(tmp_path: Path, exercise: Exercise, make, word: str) -> None:
    file = tmp_path / "students" / "ann" / FILE
    file.parent.mkdir(parents=True)
    make(file)
    (ann,) = students(tmp_path / "students", [exercise])
    handed = handed_in(tmp_path / "students", ann, exercise, [exercise])
    assert handed.content is None and word in handed.refused


@pytest.mark.parametrize("link", ["ann", "ann/1-sines"])
def test_no_folder_is_reached_by_a_link(tmp_path: Path, exercise: Exercise, link: str) -> None:
    real = hand_in(tmp_path / "elsewhere", "ann", RIGHT)
    place = tmp_path / "students" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(real.parent if "/" in link else real.parent.parent)
    (ann,) = students(tmp_path / "students", [exercise])
    assert "is a link" in handed_in(tmp_path / "students", ann, exercise, [exercise]).refused


def test_what_cannot_be_used_is_said_in_one_line(tmp_path: Path, exercise: Exercise) -> None:
    folder = tmp_path / "students"
    with pytest.raises(CourseError, match="no such folder"):
        students(folder, [exercise])
    folder.mkdir()
    with pytest.raises(CourseError, match="holds no submissions"):
        students(folder, [exercise])
    (folder / "ann.py").write_text("")
    with pytest.raises(CourseError, match="--exercise NAME"):
        students(folder, [exercise, exercise])
    with pytest.raises(CourseError, match="is not a folder"):
        students(folder / "ann.py", [exercise])
    (folder / "ann").mkdir()
    with pytest.raises(CourseError, match="ann is there twice"):
        students(folder, [exercise])
