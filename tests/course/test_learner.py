"""The learner's folder: nothing of the learner's is ever overwritten, nothing is run twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from small_course import COURSE, SQUARE, write_course

from byhand.course import learner as learners
from byhand.course.course import Exercise
from byhand.course.learner import Checked, Learner
from byhand.errors import CourseError, DataError


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return write_course(tmp_path / "course")


@pytest.fixture
def learner(tmp_path: Path, course: Path) -> Learner:
    return learners.start(tmp_path / "mine", course)


class Check:
    """Stands in for a check: passes if the file says so, and counts."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, folder: Path, exercise: Exercise) -> Checked:
        self.runs += 1
        text = (folder / exercise.file).read_text()
        return Checked("right" in text, f"run {self.runs}", lasting="slow" not in text)


def test_only_what_was_opened_is_there(learner: Learner) -> None:
    files = sorted(p.relative_to(learner.folder) for p in learner.folder.rglob("*.*"))
    assert list(map(str, files)) == [
        ".byhand.sqlite",
        "1-squares/reading.md",
        "1-squares/square.py",
    ]
    learners.open_exercise(learner, learner.course.find("again"))
    assert "Write the other one." in (learner.folder / "1-squares/again.py").read_text()


def test_the_examples_of_a_reading_come_with_it(tmp_path: Path, course: Path) -> None:
    lesson = course / "1-squares"
    (lesson / "worked.py").write_text(SQUARE)
    works = [
        f"```text byhand derive {name}\n```\n" for name in ("worked.py", "square.py", "none.py")
    ]
    (lesson / "reading.md").write_text("".join(works))
    folder = learners.start(tmp_path / "mine", course).folder / "1-squares"
    assert (folder / "worked.py").read_text() == SQUARE
    assert "your turn" in (folder / "square.py").read_text()
    assert not (folder / "none.py").exists()


def test_a_file_that_did_not_change_is_not_run_again(learner: Learner) -> None:
    check, exercise = Check(), learner.current
    first = learners.verdict(learner, exercise, check)
    assert learners.verdict(learner, exercise, check) == first
    assert check.runs == 1
    assert learners.verdict(learner, exercise, check, again=True).text == "run 2"
    learner.path(exercise).write_text("right")
    assert learners.verdict(learner, exercise, check).passed
    assert check.runs == 3
    assert learner.standing.passed == {"1-squares/square"}


def test_what_may_be_otherwise_next_time_is_run_again(learner: Learner) -> None:
    check, exercise = Check(), learner.current
    learner.path(exercise).write_text("slow")
    learners.verdict(learner, exercise, check)
    learners.verdict(learner, exercise, check)
    assert check.runs == 2


NOTING = """
import sys
from pathlib import Path
from byhand.course.progress import Progress, Verdict
progress = Progress(Path(sys.argv[1]))
for number in range(10**9):
    progress.keep(f"1/{number}", Verdict("digest", True, "text" * 100))
    print(number, flush=True)
"""


def test_what_was_noted_survives_a_kill(learner: Learner) -> None:
    file, seen = learner.folder / ".byhand.sqlite", 0
    for wait in (1, 10, 40):
        command = [sys.executable, "-c", NOTING, str(file)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(wait):
            process.stdout.readline()
        process.kill()
        rest = process.stdout.read().split("\n")[:-1]
        process.wait()
        process.stdout.close()
        seen = max(seen, wait, *(int(line) + 1 for line in rest))
        again = learners.at(learner.folder)
        assert {f"1/{number}" for number in range(seen)} <= again.standing.passed
        assert again.current.name == "square"


def test_it_resumes_where_it_was(learner: Learner, course: Path) -> None:
    learners.open_exercise(learner, learner.course.find("1.2"))
    again = learners.start(learner.folder, None)
    assert again.current.name == "again"
    assert again.course.folder == course.resolve()
    inside = learners.at(learner.folder / "1-squares")
    assert inside.current.name == "again"


def test_a_new_version_of_the_course_overwrites_nothing(learner: Learner, course: Path) -> None:
    mine = learner.path(learner.current)
    mine.write_text("mine")
    (learner.folder / "1-squares/reading.md").write_text("my notes")
    (course / "1-squares/square.py").write_text(SQUARE.replace("n=8", "n=9"))
    (course / "1-squares/reading.md").write_text("# New\n")
    again = learners.start(learner.folder, None)
    assert mine.read_text() == "mine"
    assert (learner.folder / "1-squares/reading.md").read_text() == "my notes"
    learners.open_exercise(again, again.course.find("again"))
    assert "n=9" in (learner.folder / "1-squares/again.py").read_text()
    assert learners.reset(again, again.course.find("square")) is not None
    assert "n=9" in mine.read_text()


def test_an_exercise_that_is_gone_is_no_harm(learner: Learner, course: Path) -> None:
    (course / "course.toml").write_text(COURSE.replace('"square", ', ""))
    assert learners.start(learner.folder, None).current.name == "again"


def test_reset_keeps_every_copy(learner: Learner) -> None:
    mine, exercise = learner.path(learner.current), learner.current
    assert learners.reset(learner, exercise) is None
    kept: list[str] = []
    for text in ("one", "two"):
        mine.write_text(text)
        place = learners.reset(learner, exercise)
        assert place is not None
        assert place.read_text() == text
        kept.append(place.name)
        assert mine.read_text() == exercise.blanks.source
    assert kept == ["square.kept-1.py", "square.kept-2.py"]
    mine.unlink()
    assert learners.reset(learner, exercise) is None
    assert mine.read_text() == exercise.blanks.source


def test_the_hints_are_a_ladder(learner: Learner) -> None:
    exercise = learner.current
    assert [learners.next_hint(learner, exercise) for _ in range(5)] == [1, 2, 3, 3, 3]
    again = learners.start(learner.folder, None)
    assert again.standing.hints == {"1-squares/square": 3}


def test_the_solution_is_shown_once_passed_or_when_asked_twice(learner: Learner) -> None:
    square, again = learner.course.exercises
    assert [learners.may_see_solution(learner, square) for _ in range(3)] == [False, True, True]
    learners.open_exercise(learner, again)
    learner.path(again).write_text("right")
    learners.verdict(learner, again, Check())
    assert learners.may_see_solution(learner, again)


def test_what_follows(learner: Learner) -> None:
    square, again = learner.course.exercises
    assert learners.following(learner) == again
    learners.open_exercise(learner, again)
    assert learners.following(learner) == square
    learner.path(square).write_text("right")
    learners.verdict(learner, square, Check())
    assert learners.following(learner) is None


def test_folders_that_can_not_be_used(tmp_path: Path, course: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/file").touch()
    with pytest.raises(CourseError, match="holds other files"):
        learners.start(tmp_path / "other", course)
    with pytest.raises(DataError, match="can't be made"):
        learners.start(tmp_path / "other/file/in", course)
    with pytest.raises(CourseError, match="is not a learner's folder: byhand learn makes one"):
        learners.at(tmp_path)
    learners.start(tmp_path / "mine", course)
    with pytest.raises(CourseError, match="is for the course"):
        learners.start(tmp_path / "mine", write_course(tmp_path / "another"))


def test_progress_that_can_not_be_read(learner: Learner) -> None:
    file = learner.folder / ".byhand.sqlite"
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(CourseError, match="move this file away to start counting afresh") as raised:
        learners.at(learner.folder)
    assert "\n" not in str(raised.value)
    file.unlink()
    mine = learner.folder / "1-squares/square.py"
    mine.write_text("mine")
    learners.start(learner.folder, learner.course.folder)
    assert mine.read_text() == "mine"
