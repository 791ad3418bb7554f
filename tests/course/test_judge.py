"""A learner's file is judged for what the exercise asks, and for whatever else is at fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_course import SQUARE

from byhand.checking.report import Report
from byhand.course.blanks import by_marks, by_names
from byhand.course.course import bundled, load_course
from byhand.course.judge import UNREAD, judge, judge_problem
from byhand.program.problem import problem_in
from solved import solved
from sweeps import a_few


@pytest.fixture
def judged(tmp_path: Path):
    def run(source: str, *asked: str) -> Report:
        file = tmp_path / "file.py"
        file.write_text(source)
        return judge(file, asked)

    return run


def verdicts(report: Report) -> dict[str, str]:
    return {row.name: row.verdict for row in report.rows}


def test_as_shipped_just_the_blanks_are_missing(judged) -> None:
    report = judged(by_marks(SQUARE, Path()).source, "y")
    assert verdicts(report) == {"y": "missing"}
    assert (report["y"].line, report["y"].expected_shape) == (18, (8,))
    assert not report.ok
    assert report.roots == ()


def test_the_same_problem_is_judged_twice_alike() -> None:
    problem = problem_in(by_marks(SQUARE, Path()).source, Path("file.py"))
    for _ in range(2):
        assert judge_problem(problem, ["y"])["y"].line == 18


def test_a_step_of_forward_finds_its_row_among_those_that_are_left(judged) -> None:
    exercise = load_course(bundled()).find("6.1")
    for source in (exercise.blanks.source, solved(exercise)):
        report = judged(source, *exercise.blanks.asked)
        rows = {step.name: report.rows[step.row] for step in report.program if step.row is not None}
        assert {name: row.name for name, row in rows.items()} == {
            "logprobs": "logprobs",
            "probs": "probs",
        }
        lacking = {use.name for step in report.program for use in step.uses if use.missing}
        assert lacking == ({"logprobs", "probs"} if "..." in source else set())


def test_what_reads_a_blank_waits(judged) -> None:
    source = by_marks(SQUARE, Path()).source
    report = judged(source, "y", "x")
    assert verdicts(report) == {"x": "inherited", "y": "missing"}
    assert report["x"].note == UNREAD


def test_what_is_not_asked_for_may_be_left_out(judged) -> None:
    report = judged(SQUARE.replace("    dx = 2 * x * dy\n", ""), "y")
    assert verdicts(report) == {"y": "exact"}
    assert report.ok


def test_what_is_not_asked_for_must_not_be_wrong(judged) -> None:
    report = judged(SQUARE.replace("2 * x", "3 * x"), "y")
    assert verdicts(report) == {"y": "exact", "x": "wrong"}
    assert not report.ok


def test_a_blank_line_that_was_deleted_is_missing(judged) -> None:
    source = by_names(SQUARE, Path(), ["x"], "Task").source
    report = judged(source.replace("    dx = ...  # your turn\n", ""), "x")
    assert verdicts(report) == {"x": "missing"}
    assert report["x"].line is None


def test_blanks_in_a_loop_are_missing_until_they_are_written(judged) -> None:
    residual = load_course(bundled()).find("residual")
    source = residual.blanks.source
    report = judged(source, *residual.blanks.asked)
    assert verdicts(report) == dict.fromkeys(("zs", "Ss", "Ws", "xs"), "missing")
    begun = source.replace("dzs[i] = ...", "dzs[i] = dxs[i + 1] + dout @ Ss[i].T")
    report = judged(begun, *residual.blanks.asked)
    found = {name: verdict for name, verdict in verdicts(report).items() if verdict != "missing"}
    assert found == {"zs[2]": "exact", "zs[1]": "inherited", "zs[0]": "inherited"}
    assert report["zs[0]"].note == UNREAD
    assert report.roots == ()


@pytest.mark.parametrize("exercise", a_few(load_course(bundled()).exercises), ids=lambda e: e.id)
def test_every_solution_passes_when_it_is_typed_in(judged, exercise) -> None:
    report = judged(solved(exercise), *exercise.blanks.asked)
    assert report.ok, str(report)
    assert {row.name.partition("[")[0] for row in report.rows} == set(exercise.blanks.asked)
