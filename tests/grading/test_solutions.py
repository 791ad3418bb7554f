"""The course's own solutions earn every point, in both sandboxes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from handing_in import FILE, RIGHT, SANDBOXES, hand_in, results, run_grade, write_course

from byhand.course.course import Exercise, bundled, load_course
from byhand.course.grading.confine import Limits
from byhand.course.grading.exam import exam_of
from byhand.course.grading.sandbox import Kind
from byhand.course.grading.worker import Task, grade
from solved import solved
from sweeps import a_few

EXERCISES = load_course(bundled()).exercises


def imports(exercise: Exercise) -> frozenset[str]:
    """The lines of its file that import something."""
    return frozenset(re.findall(r"^(?:import|from) .*$", exercise.problem.read_text(), re.M))


ONE_OF_EACH = {imports(exercise): exercise for exercise in EXERCISES}
"""For everything that exercises import, one that does: what is missing in a sandbox shows here."""


@pytest.mark.parametrize("kind", a_few(SANDBOXES))
@pytest.mark.parametrize("exercise", ONE_OF_EACH.values(), ids=lambda exercise: exercise.id)
def test_whatever_an_exercise_imports_is_there(exercise: Exercise, kind: Kind) -> None:
    exam = exam_of(exercise, "secret")
    outcome = grade(Task("ann", exam, solved(exercise).encode(), "", Limits(), kind))
    assert outcome.reason is None
    assert outcome.points == len(exam.asked), outcome.marks


@pytest.mark.long
@pytest.mark.parametrize("kind", [SANDBOXES[0], pytest.param("plain", marks=pytest.mark.sweep)])
def test_every_solution_of_every_lesson_has_all_points(tmp_path: Path, kind: Kind) -> None:
    for exercise in EXERCISES:
        for student, source in (("own", exercise.problem.read_text()), ("ann", solved(exercise))):
            file = tmp_path / "students" / student / exercise.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source)
    out = tmp_path / "results.csv"
    done = run_grade(tmp_path / "students", "--out", out, "--sandbox", kind, timeout=1800)
    assert done.returncode == 0, done.stderr
    assert f"{2 * len(EXERCISES)} files graded" in done.stdout
    for name, student in results(out).items():
        lost = [e for e in student["exercises"] if e["points"] < e["out_of"]]
        assert not lost, f"{name}: {json.dumps(lost, indent=1)}"
        assert student["points"] == student["out_of"] == sum(len(e.blanks.asked) for e in EXERCISES)


def test_an_exercise_whose_library_is_missing_is_left_out_with_a_line(tmp_path: Path) -> None:
    course = write_course(tmp_path / "course")
    lesson = course / "2-tensors"
    lesson.mkdir()
    (lesson / "reading.md").write_text("# Tensors\n")
    (lesson / "sine.toml").write_text((course / "1-sines/sine.toml").read_text())
    (lesson / "sine.py").write_text("import tensorlib.nothing\n" + (course / FILE).read_text())
    with (course / "course.toml").open("a") as toml:
        toml.write('\n[[lesson]]\nname = "2-tensors"\ntitle = "2"\nexercises = ["sine"]\n')
    hand_in(tmp_path / "students", "ann", RIGHT)
    out = tmp_path / "results.csv"
    done = run_grade(tmp_path / "students", "--course", course, "--out", out, "--sandbox", "plain")
    assert done.returncode == 0, done.stderr
    line = "2-tensors: 1 exercise is not graded: needs tensorlib, which is not installed"
    assert done.stderr.count(line) == 1
    assert [results(out)["ann"][key] for key in ("points", "out_of")] == [2, 2]
    arguments = ("--course", course, "--out", out, "--exercise", "2")
    done = run_grade(tmp_path / "students", *arguments)
    assert done.returncode == 2 and "nothing to grade" in done.stderr
