"""A definition replayed gives what it gave: nothing that it needs was left out."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from byhand.checking.judging.evidence import Evidence, as_array, evidence_of
from byhand.checking.judging.trial import try_on
from byhand.checking.naming.proving.finding import ASKED_EVERY, Effort
from byhand.checking.sampling.sample_inputs import draw
from byhand.program.problem import load, problem_of, zoo
from sweeps import a_few

PROBLEMS = sorted((Path(__file__).parents[1] / "problems").glob("*.py")) + list(zoo().values())


def definitions(file: Path) -> list[Evidence]:
    problem = load(file)
    trial = try_on(problem, draw(problem, {}, "float64", 0))
    answers = [answer for answer in trial.answers.found if answer.writes]
    return [evidence_of(trial, answer) for answer in answers]


@pytest.mark.parametrize("file", a_few(PROBLEMS), ids=lambda file: file.stem)
def test_the_same_comes_out(file: Path):
    for each in definitions(file):
        value, again = as_array(each.value), as_array(each.tried({}))
        assert value is not None
        assert again is not None
        np.testing.assert_array_equal(again, value, err_msg=each.answer.key[0])


def test_an_exchanged_statement_is_what_runs():
    for each in definitions(Path(__file__).parents[1] / "problems/lecture.py"):
        last = each.answer.writes[-1].node
        if isinstance(last, ast.Assign):
            zeros = ast.parse("0 * value").body[0]
            assert isinstance(zeros, ast.Expr)
            zeros.value.right = last.value  # type: ignore[attr-defined]
            other = ast.Assign(last.targets, zeros.value)
            ast.fix_missing_locations(ast.copy_location(other, last))
            found = as_array(each.tried({last: other}))
            assert found is not None
            assert not found.any()


def exponential(x: np.ndarray) -> np.ndarray:
    p = np.exp(x)
    y = p * p
    return y  # noqa: RET504


def exponential_backward(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    p = np.exp(-x)
    dx = 2 * dy * p * p
    return dx  # noqa: RET504


def test_a_helper_that_raises_is_not_what_forward_has_under_its_name():
    problem = problem_of(exponential, exponential_backward, {"x": np.array([0.5, 1.0])})
    trial = try_on(problem, draw(problem, {}, "float64", 0))
    (found,) = (evidence_of(trial, a) for a in trial.answers.found if a.writes)
    assert trial.run.function is not None
    helper = trial.run.function.body[0]
    raising = ast.copy_location(ast.parse("p = np.nothing").body[0], helper)
    assert not found.right
    assert found.tried({helper: ast.fix_missing_locations(raising)}) is None


def test_effort_ends_by_count_and_by_time():
    counted, timed = Effort(left=2), Effort(seconds=0.0)
    assert [counted.spend() for _ in range(3)] == [True, True, False]
    assert not all(timed.spend() for _ in range(ASKED_EVERY))
    assert counted.is_over and timed.is_over


def test_what_raises_gives_nothing():
    (first, *_) = definitions(Path(__file__).parents[1] / "problems/lecture.py")
    last = first.answer.writes[-1].node
    raising = ast.copy_location(ast.parse("raise ValueError").body[0], last)
    assert first.tried({last: ast.fix_missing_locations(raising)}) is None
