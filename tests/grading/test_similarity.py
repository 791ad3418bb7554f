"""Who copied is found however it was disguised; who worked alone is not."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from handing_in import run_grade
from writers import WAYS, disguised, written_by

from byhand.course.course import bundled, load_course
from byhand.course.grading.similarity import similarity
from byhand.course.judge import judge_problem
from byhand.program.problem import problem_in
from solved import solved

LESSON = "6-backprop-ninja"
EXERCISES = {e.name: e for e in load_course(bundled()).exercises if e.lesson == LESSON}
COPIES = {name: exercise.blanks.source for name, exercise in EXERCISES.items()}
SHOWN = {name: (e.blanks.source, e.problem.read_text()) for name, e in EXERCISES.items()}
PARTS = ("shift", "gain", "variance", "mean", "batch_norm", "hidden", "train", "temperature")


def class_of(count: int, seed: int) -> dict[str, dict[str, str]]:
    rng = random.Random(seed)
    return {f"student-{i:02}": written_by(rng, COPIES) for i in range(count)}


def pairs_of(files: Mapping[str, Mapping[str, str]], *exercises: str) -> set[tuple[str, str]]:
    names = exercises or tuple(EXERCISES)
    work = {name: {who: mine[name] for who, mine in files.items()} for name in names}
    return set(similarity(work, SHOWN).pairs)


def test_the_independent_answers_are_right() -> None:
    """Else they would say little of a class that did its homework."""
    for name, written in written_by(random.Random(1), COPIES).items():
        report = judge_problem(
            problem_in(written, Path(f"{name}.py")), EXERCISES[name].blanks.asked
        )
        assert report.ok, f"{name}: {report}"


@pytest.mark.parametrize(("count", "seed"), [(10, 0), (20, 1)])
def test_who_works_alone_is_not_named_and_who_copies_is(count: int, seed: int) -> None:
    files = class_of(count, seed)
    assert pairs_of(files) == set()
    files["student-01"] = {name: disguised(source) for name, source in files["student-07"].items()}
    assert pairs_of(files) == {("student-01", "student-07")}


def test_a_part_that_was_copied_shows() -> None:
    files = class_of(20, 3)
    files["student-04"] |= {name: disguised(files["student-11"][name]) for name in PARTS}
    assert pairs_of(files) == {("student-04", "student-11")}


def test_short_exercises_and_what_the_course_shows_say_nothing() -> None:
    files = class_of(12, 4)
    assert pairs_of(files, "output") == set() == pairs_of(files, "output", "hidden", "loss")
    everybody = {who: {name: solved(e) for name, e in EXERCISES.items()} for who in files}
    assert pairs_of(everybody) == set()
    untouched = dict.fromkeys(files, COPIES)
    assert pairs_of(untouched) == set()
    few = dict.fromkeys(list(files)[:7], files["student-00"])
    assert pairs_of(few) == set()


def test_what_is_no_python_is_compared_all_the_same() -> None:
    files = class_of(12, 5)
    broken = {
        name: source.replace("def backward", "def backward((")
        for name, source in files["student-02"].items()
    }
    files["student-03"] = broken
    assert pairs_of(files) == {("student-02", "student-03")}


def test_the_command_says_it_only_when_asked(tmp_path: Path) -> None:
    files = class_of(9, 6)
    files["student-08"] = files["student-00"]
    for who, mine in files.items():
        for name in WAYS:
            file = tmp_path / "students" / who / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("")
            if name in PARTS:
                file.write_text(mine[name])
    out = tmp_path / "results.csv"
    arguments = (tmp_path / "students", "--exercise", "6.13", "--out", out, "--sandbox", "plain")
    done = run_grade(*arguments)
    assert done.returncode == 0, done.stderr
    assert "alike" not in done.stdout and not (tmp_path / "results.similar.md").exists()
    done = run_grade(*arguments, "--similar")
    assert "no pairs of students are alike beyond chance" in done.stdout, done.stdout
    text = (tmp_path / "results.similar.md").read_text()
    assert "no proof" in text and "| 6.13 |" in text
