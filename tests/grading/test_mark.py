"""Verdicts and points, by comparing what was computed with what is right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from handing_in import RIGHT, with_backward, write_course

from byhand.course.author import diagnoses
from byhand.course.course import bundled, load_course
from byhand.course.grading.exam import AnswerSheet, Exam, exam_of, sheet_of
from byhand.course.grading.mark import Mark, marks, paid_for
from byhand.course.grading.sitting import Sitting, runs_of
from byhand.course.grading.wire import Reply, WireError, WireValue
from byhand.course.judge import judge_problem
from byhand.program.problem import problem_in
from sweeps import a_few, some

COURSE = load_course(bundled())
RIGHT_LINES = "dy = np.cos(y)\ndx = 2 * x * dy"


@pytest.fixture
def sine(tmp_path: Path) -> AnswerSheet:
    (exercise,) = load_course(write_course(tmp_path / "course")).exercises
    return sheet_of(exam_of(exercise, "secret"))


def computed(sheet: AnswerSheet, source: str) -> Reply:
    """What an honest submission sends, without a process of its own."""
    problem = problem_in(source, Path("sine.py"))
    sittings: list[Sitting] = [paper.sitting for paper in sheet.papers]
    with np.errstate(all="ignore"):
        return Reply(tuple(run for sitting in sittings for run in runs_of(problem, sitting)))


def marked(sheet: AnswerSheet, backward: str) -> dict[str, Mark]:
    reply = computed(sheet, with_backward(backward))
    return {mark.name: mark for mark in marks(sheet, reply)}


def said(found: dict[str, Mark]) -> dict[str, tuple[str, int]]:
    return {name: (mark.verdict, mark.points) for name, mark in found.items()}


def test_right_is_right(sine: AnswerSheet) -> None:
    found = marked(sine, RIGHT_LINES)
    assert all(mark.points == 1 for mark in found.values())


def test_a_mistake_is_charged_once(sine: AnswerSheet) -> None:
    found = marked(sine, "dy = np.sin(y)\ndx = 2 * x * dy")
    assert said(found) == {"y": ("wrong", 0), "x": ("inherited", 1)}


def test_blame_put_on_a_step_that_was_not_asked_for_earns_nothing(tmp_path: Path) -> None:
    """dx is right, had dy been right; but dy is a part of its way that nobody else pays for."""
    (exercise,) = load_course(write_course(tmp_path / "course")).exercises
    sheet = sheet_of(replace(exam_of(exercise, "secret"), asked=("x",)))
    for dy in ("np.zeros_like(y)", "np.sin(y)", "nothing"):
        assert said(marked(sheet, f"dy = {dy}\ndx = 2 * x * dy")) == {"x": ("wrong", 0)}, dy
    assert said(marked(sheet, "dy = np.cos(y)\ndx = 2 * x * dy")) == {"x": ("exact", 1)}


@pytest.mark.parametrize(
    ("reads", "asked", "innocent", "kept"),
    [
        ("y: x:y", "yx", "x", "x"),  # y is charged, x was fed it
        ("y: x:y", "x", "x", ""),  # nobody asked for y
        ("y: x:y w:x", "xw", "xw", "w"),  # x pays for y; w was fed x
        ("y: z: x:yz", "zx", "x", ""),  # z is charged, and y is not
        ("y: u:y x:u", "yx", "ux", "x"),  # through a right step that wasn't asked for
        ("y: u:y x:u", "x", "ux", ""),
        ("a:b b:a", "ab", "ab", ""),  # each blames the other
        ("y: a:by b:a", "yab", "ab", "ab"),  # a loop, fed from y
    ],
)
def test_who_keeps_a_point(reads: str, asked: str, innocent: str, kept: str) -> None:
    table = {name: frozenset(read) for name, _, read in (r.partition(":") for r in reads.split())}
    assert paid_for(table, frozenset(asked), frozenset(innocent)) == frozenset(kept)


def test_two_mistakes_are_charged_twice(sine: AnswerSheet) -> None:
    found = marked(sine, "dy = np.sin(y)\ndx = x * dy")
    assert said(found) == {"y": ("wrong", 0), "x": ("wrong", 0)}


def test_what_raises_is_charged_and_what_comes_after_is_not(sine: AnswerSheet) -> None:
    found = marked(sine, "dy = np.cos(nothing)\ndx = 2 * x * dy")
    assert said(found) == {"y": ("error", 0), "x": ("inherited", 1)}
    assert "nothing" in str(found["y"].note)


def test_what_is_not_written_has_no_points_but_what_follows_from_it_has(sine: AnswerSheet) -> None:
    assert said(marked(sine, "dy = ...\ndx = 2 * x * dy")) == {
        "y": ("missing", 0),
        "x": ("inherited", 1),
    }
    assert said(marked(sine, "pass")) == {"y": ("missing", 0), "x": ("missing", 0)}


def test_a_size_written_as_a_number_shows(sine: AnswerSheet) -> None:
    found = marked(sine, "dy = np.cos(y)\ndx = (2 * x * dy) * len(x) / 6")
    assert said(found) == {"y": ("exact", 1), "x": ("wrong", 0)}
    assert found["x"].at == {"n": 3}


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("dx = 2 * x * dy * np.nan", "nonfinite"),
        ("dx = (2 * x * dy)[:, None]", "shape"),
        ("dx = (2 * x * dy).astype(int)", "error"),
        ("dx = 'two x dy'", "error"),
        ("dx = (2 * x * dy).astype('f4')", "rounding"),
    ],
)
def test_verdicts_are_those_of_the_check(sine: AnswerSheet, line: str, verdict: str) -> None:
    assert marked(sine, f"dy = np.cos(y)\n{line}")["x"].verdict == verdict


@pytest.mark.parametrize("name", a_few([e.name for e in COURSE.exercises if e.number[0] == "6"]))
def test_zeros_in_half_precision_are_wrong(name: str) -> None:
    """However small the gradients are: float16 has no numbers below 6e-8."""
    sheet = sheet_of(exam_of(COURSE.find(f"6-backprop-ninja/{name}"), "secret"))
    zeros = [
        {key: WireValue(np.zeros(feed.shape, np.float16)) for key, feed in paper.feeds.items()}
        for paper in sheet.papers
        for _ in range(2)
    ]
    for mark in marks(sheet, Reply(tuple(zeros))):
        largest = max(
            np.abs(paper.alone(frozenset())[paper.drawn.truth[mark.name].tensor].value).max()
            for paper in sheet.papers
        )
        assert not mark.points or largest < 1e-12, (mark, largest)


def test_changing_what_is_still_needed_is_charged(sine: AnswerSheet) -> None:
    found = marked(sine, "y *= 1.0\nz = x\nz *= 2.0\ndy = np.cos(y)\ndx = x * dy")
    assert said(found) == {"y": ("exact", 1), "x": ("wrong", 0)}
    assert "also changes x" in str(found["x"].note)
    found = marked(sine, "z = x\nz *= 2.0\ndy = np.sin(y)\ndx = x * dy")
    assert said(found) == {"y": ("wrong", 0), "x": ("wrong", 0)}


def test_what_is_not_needed_any_more_may_be_used_up(sine: AnswerSheet) -> None:
    found = marked(sine, "x *= 2.0\ny[...] = np.cos(y)\ndy = y\ndx = x * dy")
    assert said(found) == {"y": ("exact", 1), "x": ("exact", 1)}


def test_reading_too_early_is_no_inheritance(sine: AnswerSheet) -> None:
    """The definition of dx is right, but nobody else is at fault."""
    found = marked(sine, "dy = np.zeros(len(y))\ndx = 2 * x * dy\ndy += np.cos(y)")
    assert said(found) == {"y": ("exact", 1), "x": ("wrong", 0)}


def test_a_claim_to_have_read_something_earns_nothing(sine: AnswerSheet) -> None:
    """A submission may lie about what its lines read; what it gives must fit all the same."""
    reply = computed(sine, with_backward("dy = np.sin(y)\ndx = x * dy"))
    for claim in (frozenset(), frozenset({("x", 0)}), frozenset({("y", 0), ("x", 0)})):
        feeds = [{key: WireValue(paper.feeds[key]) for key in paper.feeds} for paper in sine.papers]
        lies = [
            {key: replace(value, reads=claim) for key, value in run.items()}
            for run in reply.runs[::2]
        ]
        runs = tuple(run for pair in zip(lies, feeds, strict=True) for run in pair)
        assert not any(mark.points for mark in marks(sine, Reply(runs)))


def test_answers_to_another_exam_are_refused(sine: AnswerSheet) -> None:
    with pytest.raises(WireError):
        marks(sine, Reply(()))


@pytest.mark.parametrize("value", [1.7e308, -1.7e308, 5e-324, np.inf, np.nan])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_extreme_values_are_wrong_and_no_more(sine: AnswerSheet, value: float, dtype: str) -> None:
    with np.errstate(all="ignore"):
        filled = [np.full(paper.feeds["y", 0].shape, value).astype(dtype) for paper in sine.papers]
    runs = [
        {("y", 0): WireValue(each), ("x", 0): WireValue(each)} for each in filled for _ in range(2)
    ]
    for mark in marks(sine, Reply(tuple(runs))):
        assert mark.points == 0
        assert mark.max_error is None or np.isfinite(mark.max_error)


@pytest.mark.parametrize(
    ("real", "alone", "verdict"),
    [(3e-13, 0.0, "rounding"), (3e-13, 3e-13, "wrong"), (1e-8, 0.0, "wrong")],
)
def test_the_rounding_of_another_way_is_allowed_where_its_line_is_right(
    sine: AnswerSheet, real: float, alone: float, verdict: str
) -> None:
    runs = [dict(run) for run in computed(sine, with_backward(RIGHT_LINES)).runs]
    for i, run in enumerate(runs):
        array = run["x", 0].array
        assert array is not None
        run["x", 0] = replace(run["x", 0], array=array * (1 + (alone if i % 2 else real)))
    found = {mark.name: mark for mark in marks(sine, Reply(tuple(runs)))}
    assert said(found)["x"] == (verdict, int(verdict == "rounding"))


def test_unknown_gradients_are_left_aside(sine: AnswerSheet) -> None:
    reply = computed(sine, RIGHT)
    more = {("nothing", 0): WireValue(np.ones(3)), ("x", 7): WireValue(np.ones(3))}
    runs = tuple({**run, **more} for run in reply.runs)
    assert all(mark.points for mark in marks(sine, Reply(runs)))


def test_inputs_are_secret_and_the_same_for_all(tmp_path: Path) -> None:
    (exercise,) = load_course(write_course(tmp_path / "course")).exercises
    draws = [sheet_of(exam_of(exercise, secret)).papers for secret in ("a", "a", "b")]
    x = [papers[0].drawn.inputs["x"] for papers in draws]
    np.testing.assert_array_equal(x[0], x[1])
    assert not np.array_equal(x[0], x[2])
    assert len({tuple(paper.drawn.sizes.items()) for paper in draws[0]}) == 3
    assert not np.array_equal(draws[0][0].drawn.inputs["x"], draws[0][1].drawn.inputs["x"])


FIRST = "shares = np.eye(2)[neighbours.argmax(axis=2)]"
EACH = "shares = largest * 1.0"
NONE = "shares = largest * (largest.sum(axis=2, keepdims=True) == 1.0)"


@pytest.mark.parametrize(
    ("shares", "lost"), [(FIRST, set()), (EACH, {"neighbours"}), (NONE, {"neighbours"})]
)
def test_an_exercise_on_ties_is_graded_at_ties(shares: str, lost: set[str]) -> None:
    """What is computed from weights that don't add up to 1 has inherited them, as anywhere."""
    exercise = COURSE.find("2-arrays/pool")
    sheet = sheet_of(exam_of(exercise, "secret"))
    right = "shares = largest / largest.sum(axis=2, keepdims=True)"
    source = exercise.problem.read_text().replace(right, shares)
    found = marks(sheet, computed(sheet, source))
    assert {mark.name for mark in found if not mark.points} == lost
    assert all("must add up to 1" in str(mark.note) for mark in found if not mark.points)


def test_elsewhere_a_mask_of_what_equals_the_largest_is_right() -> None:
    exercise = COURSE.find("2-arrays/largest")
    sheet = sheet_of(exam_of(exercise, "secret"))
    source = exercise.problem.read_text().replace(
        "dscores[rows, scores.argmax(axis=1)] = dbest",
        "dscores = (scores == scores.max(axis=1, keepdims=True)) * dbest[:, None]",
    )
    assert not any(paper.drawn.tied for paper in sheet.papers)
    assert all(mark.points for mark in marks(sheet, computed(sheet, source)))


# Answers that are charged though they were only fed a wrong one: they read a gradient beside them,
# as batch norm's dx reads dbias, and not one further down in forward.
SIDEWAYS = {
    ("1-engine/sweep", "for k in range(len(tape)):"): {"x"},
    ("6-backprop-ninja/train", "dhpreact = h * (1 - h) * dh"): {"hprebn"},
    ("7-going-deeper/norm", "dbias = dout.sum(axis=0)"): {"a"},
    ("7-going-deeper/norm", "dgain = (dout * normed).mean(axis=(0, 1))"): {"a"},
    **{
        ("9-fused-kernels/rms_norm", wrong): {"residual"}
        for wrong in (
            "dx = rstd * (dnormed - normed * share)",
            "dx = rstd * (dnormed - dnormed.mean(-1, keepdim=True) - normed * share) + dh",
            "share = (dnormed * normed).sum(-1, keepdim=True)",
            "share = (dout * normed).mean(-1, keepdim=True)",
            "dx = rstd * dnormed + dh",
        )
    },
}


@pytest.mark.parametrize(
    "exercise",
    some(COURSE.exercises, now=3),
    ids=lambda exercise: exercise.id,
)
def test_the_course_as_learners_see_it(exercise) -> None:
    """As shipped there are no points, the solution has them all, and so says the check, which
    names the mistake of every wrong answer."""
    exam: Exam = exam_of(exercise, "secret")
    sheet = sheet_of(exam)
    shipped = marks(sheet, computed(sheet, exercise.blanks.source))
    assert all(mark.points == 0 for mark in shipped)
    solved = marks(sheet, computed(sheet, exam.source))
    assert all(mark.verdict in ("exact", "rounding") for mark in solved)
    for wrong in exercise.wrong:
        source = exam.source.replace(wrong.instead_of, wrong.write)
        report = judge_problem(problem_in(source, Path("wrong.py")), exercise.blanks.asked)
        charged = {mark.name for mark in marks(sheet, computed(sheet, source)) if not mark.points}
        assert diagnoses(report) == {wrong.mistake}, str(report)
        roots = {name.partition("[")[0] for name in report.roots} & set(exam.asked)
        assert charged == roots | SIDEWAYS.get((exercise.id, wrong.write), set())
