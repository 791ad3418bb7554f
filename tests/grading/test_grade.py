"""The grader as a teacher runs it: a command, a folder, and what it writes."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from handing_in import (
    FILE,
    RIGHT,
    SANDBOXES,
    command,
    descendants,
    hand_in,
    results,
    run_grade,
    still_there,
    verdicts,
    with_backward,
    write_course,
)

from byhand.course.course import load_course
from byhand.course.grading import submissions
from byhand.course.grading.confine import Limits
from byhand.course.grading.exam import exam_of
from byhand.course.grading.grader import Grades, Grading, grade_all
from byhand.course.grading.state import State
from byhand.course.grading.worker import Task, grade
from byhand.errors import CourseError
from sweeps import a_few

WRONG = with_backward("dy = -np.cos(y)\ndx = 2 * x * dy")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return write_course(tmp_path / "course")


def table(out: Path) -> list[dict[str, str]]:
    with out.open(newline="") as stream:
        return list(csv.DictReader(stream))


def everything(out: Path) -> dict[str, bytes]:
    """All that was written for people and programs."""
    found = [out, out.with_suffix(".json")]
    for what in ("feedback", "gradescope"):
        found += sorted(out.with_name(f"{out.stem}.{what}").rglob("*.*"))
    return {str(file.relative_to(out.parent)): file.read_bytes() for file in found}


@pytest.mark.parametrize("sandbox", SANDBOXES)
def test_what_a_teacher_gets(tmp_path: Path, course: Path, sandbox: str) -> None:
    students, out = tmp_path / "students", tmp_path / "marks.csv"
    hand_in(students, "ann", RIGHT)
    hand_in(students, "bea", WRONG)
    (students / "=cal").mkdir()
    done = run_grade(students, "--course", course, "--out", out, "--sandbox", sandbox)
    assert done.returncode == 0, done.stderr
    assert "3 students, 1 exercise: 3 files graded" in done.stdout
    assert f"Isolated by: {'bubblewrap' if sandbox == 'bubblewrap' else 'limits'}" in done.stderr
    head = {"out of": "2", "remarks": ""}
    assert table(out) == [
        {"student": "'=cal", "points": "0", "1.1 dy": "0", "1.1 dx": "0"}
        | head
        | {"remarks": "1.1: was not handed in"},
        {"student": "ann", "points": "2", "1.1 dy": "1", "1.1 dx": "1"} | head,
        {"student": "bea", "points": "1", "1.1 dy": "0", "1.1 dx": "1"} | head,
    ]
    found = results(out)
    assert verdicts(found["bea"]) == {"y": "wrong", "x": "inherited"}
    (exercise,) = found["bea"]["exercises"]
    assert [mistake["code"] for mistake in exercise["mistakes"]] == ["sign"]
    assert sandbox == "plain" or exercise["sandbox"].startswith("bubblewrap")
    feedback = (tmp_path / "marks.feedback" / "bea.md").read_text()
    assert feedback.startswith("# `bea`: 1 of 2 points\n")
    assert "| dy | 18 | wrong | 0 |" in feedback and "(byhand explain sign)" in feedback
    for_gradescope = json.loads((tmp_path / "marks.gradescope/bea/results.json").read_text())
    assert for_gradescope["score"] == 1
    scores = [
        (test["score"], test["max_score"], test["status"]) for test in for_gradescope["tests"]
    ]
    assert scores == [(0, 1, "failed"), (1, 1, "passed")]
    assert {test["output_format"] for test in for_gradescope["tests"]} == {"text"}


@pytest.mark.long
def test_only_what_changed_is_graded_again(tmp_path: Path, course: Path) -> None:
    students, out = tmp_path / "students", tmp_path / "results.csv"
    arguments = (students, "--course", course, "--out", out, "--jobs", "1")
    hand_in(students, "ann", RIGHT)
    file = hand_in(students, "bea", WRONG)
    assert "2 files graded" in run_grade(*arguments).stdout
    before = everything(out)
    assert "nothing has changed" in run_grade(*arguments).stdout
    assert everything(out) == before
    file.write_text(RIGHT)
    assert "1 of 2 files graded" in run_grade(*arguments).stdout
    assert results(out)["bea"]["points"] == 2
    # The limits and the course belong to a result, too.
    assert "2 files graded" in run_grade(*arguments, "--timeout", "9").stdout
    exercise = course / FILE
    exercise.write_text(exercise.read_text().replace("n=6", "n=7"))
    assert "2 files graded" in run_grade(*arguments, "--timeout", "9").stdout


def graded_by(executor: Executor, tmp_path: Path, course: Path) -> Grades:
    """Two submissions, graded without the command."""
    hand_in(tmp_path / "students", "ann", RIGHT)
    hand_in(tmp_path / "students", "bea", WRONG)
    loaded = load_course(course)
    who = submissions.students(tmp_path / "students", loaded.exercises)
    grading = Grading(tmp_path / "students", loaded, loaded.exercises, who, Limits(), "plain")
    state = State(tmp_path / "r.sqlite")
    try:
        return grade_all(grading, state, executor, 4, lambda done, count: None)
    finally:
        state.close()


def test_any_executor_will_do(tmp_path: Path, course: Path) -> None:
    with ThreadPoolExecutor(2) as executor:
        grades = graded_by(executor, tmp_path, course)
    assert [(o.student, o.points) for o in grades.outcomes] == [("ann", 2), ("bea", 1)]
    assert (grades.anew, grades.failed) == (2, ())


def test_what_fails_for_one_is_said_and_not_kept(tmp_path: Path, course: Path) -> None:
    class Unlucky(ThreadPoolExecutor):
        def submit(self, fn, /, *args, **kwargs):
            if args[0].student == "ann":
                return super().submit(lambda: 1 / 0)
            return super().submit(fn, *args, **kwargs)

    with Unlucky(1) as executor:
        grades = graded_by(executor, tmp_path, course)
    assert [outcome.student for outcome in grades.outcomes] == ["bea"]
    (failure,) = grades.failed
    assert failure.startswith("ann, 1-sines/sine: this is a bug in byhand: ZeroDivisionError")
    assert count(tmp_path / "r.csv") == 1


def test_machines_with_another_version_are_refused(tmp_path: Path, course: Path) -> None:
    (exercise,) = load_course(course).exercises
    task = Task("ann", exam_of(exercise, "a"), b"", "", Limits(), version="0.0.0")
    with pytest.raises(CourseError, match="install the same"):
        grade(task)


def test_a_file_for_each_student_whatever_its_name(tmp_path: Path, course: Path) -> None:
    students = tmp_path / "students"
    students.mkdir()
    for name in ("numpy", "ann", "byhand"):
        (students / f"{name}.py").write_text(RIGHT)
    out = tmp_path / "results.csv"
    done = run_grade(students, "--course", course, "--exercise", "sine", "--out", out)
    assert done.returncode == 0, done.stderr
    assert {name: each["points"] for name, each in results(out).items()} == {
        "numpy": 2,
        "ann": 2,
        "byhand": 2,
    }


@pytest.mark.long
def test_killed_at_any_time_it_goes_on_to_the_same_results(tmp_path: Path, course: Path) -> None:
    students, out = tmp_path / "students", tmp_path / "results.csv"
    for i in range(8):
        hand_in(students, f"student-{i:02}", (RIGHT, WRONG)[i % 2])
    arguments = (students, "--course", course, "--out", out, "--jobs", "2")
    done_then: list[int] = []
    for how in (signal.SIGINT, signal.SIGKILL, signal.SIGKILL):
        before = count(out)
        with subprocess.Popen(
            command(*arguments),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as grader:
            while grader.poll() is None and count(out) == before:
                time.sleep(0.02)
            started = descendants(grader.pid)
            if how == signal.SIGKILL:
                grader.kill()
            else:  # as Ctrl-C does: everybody in the terminal gets it
                os.killpg(grader.pid, how)
            _, said = grader.communicate()
        assert started, said
        assert not still_there(started)
        if how == signal.SIGINT:
            assert grader.returncode == 130
            assert said.splitlines()[-1] == "byhand: stopped" and "Traceback" not in said
        done_then.append(count(out))
        assert not out.exists()
    assert 0 < done_then[0] < done_then[1] < done_then[2] < 8
    left = 8 - count(out)
    done = run_grade(*arguments)
    assert f"{left} of 8 files graded" in done.stdout, done.stderr
    interrupted = everything(out)
    # The same secret, so the same inputs: everything anew gives the same, to the last digit.
    with sqlite3.connect(out.with_suffix(".sqlite")) as base:
        base.execute("DELETE FROM outcome")
    base.close()
    assert "8 files graded" in run_grade(*arguments).stdout
    assert everything(out) == interrupted


def count(out: Path) -> int:
    """How many outcomes are kept."""
    if not out.with_suffix(".sqlite").exists():
        return 0
    with closing(sqlite3.connect(out.with_suffix(".sqlite"), timeout=10)) as base:
        if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'outcome'").fetchone():
            return 0
        return base.execute("SELECT count(*) FROM outcome").fetchone()[0]


@pytest.mark.parametrize(
    ("arguments", "word"),
    a_few(
        [
            (("nowhere", "--out", "r.csv"), "nowhere: no such folder"),
            (("students",), "Missing option '--out'"),
            (("students", "--out", "results"), "name a table"),
            (("students", "--out", "not/there.csv"), "its folder doesn't exist"),
            (("students", "--out", "r.csv", "--exercise", "cosine"), "no such exercise"),
            (("students", "--out", "r.csv", "--course", "nowhere"), "course.toml"),
            (("students", "--out", "r.csv", "--dask", "tcp://127.0.0.1:9"), "--dask"),
        ]
    ),
)
def test_what_cannot_be_is_said_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], word: str
) -> None:
    hand_in(tmp_path / "students", "ann", RIGHT)
    done = run_grade(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert word in done.stderr and done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_course_whose_solution_is_wrong_is_said_so(tmp_path: Path, course: Path) -> None:
    hand_in(tmp_path / "students", "ann", RIGHT)
    exercise = course / FILE
    exercise.write_text(exercise.read_text().replace("z = np.sin(y)", "z = np.log(-y)"))
    out = tmp_path / "r.csv"
    done = run_grade(tmp_path / "students", "--course", course, "--out", out)
    assert done.returncode == 2 and "1-sines/sine: can't be graded" in done.stderr
    assert not out.exists()


def test_a_state_that_is_broken_is_said_so(tmp_path: Path, course: Path) -> None:
    hand_in(tmp_path / "students", "ann", RIGHT)
    (tmp_path / "r.sqlite").write_bytes(b"no database" * 1000)
    done = run_grade(tmp_path / "students", "--course", course, "--out", tmp_path / "r.csv")
    assert done.returncode == 2 and "move this file away" in done.stderr
    assert done.stderr.splitlines()[-1].count("sqlite") == 1


def test_without_bubblewrap_it_says_so(tmp_path: Path, course: Path) -> None:
    hand_in(tmp_path / "students", "ann", RIGHT)
    arguments = (tmp_path / "students", "--course", course, "--out", tmp_path / "r.csv")
    environment = {**os.environ, "PATH": ""}
    done = run_grade(*arguments, env=environment)
    assert done.returncode == 0, done.stderr
    assert "bubblewrap is not installed" in done.stderr
    done = run_grade(*arguments, "--sandbox", "bubblewrap", env=environment)
    assert done.returncode == 2 and "choose --sandbox plain" in done.stderr
