"""One answer against the truth: the order of the verdicts, the tolerance, and the numbers shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from byhand.checking.judging.compare import FACTOR, Comparison, compare
from byhand.checking.running.backward_run import Raised
from byhand.referees.referee import Gradient

DOUBLE, SINGLE = np.dtype(np.float64), np.dtype(np.float32)
EPS = {DOUBLE: float(np.finfo(DOUBLE).eps), SINGLE: float(np.finfo(SINGLE).eps)}
TRUTH = np.array([1.0, -2.0, 0.5])
UNITS = np.array([1.0, 2.0, 0.5])


def judged(answer: Any, dtype: np.dtype[Any] = DOUBLE, own_error: float = 0.0) -> Comparison:
    truth = Gradient(TRUTH, np.full(3, own_error))
    return compare(answer, truth, UNITS, dtype)


def test_equal_is_exact_and_nearly_equal_is_rounding() -> None:
    found = judged(TRUTH.copy())
    assert (found.verdict, found.max_error, found.ulps, found.note) == ("exact", 0.0, 0.0, None)
    found = judged(TRUTH * (1 + EPS[DOUBLE]))
    assert (found.verdict, found.right) == ("rounding", True)


@pytest.mark.parametrize("dtype", [DOUBLE, SINGLE])
def test_the_tolerance_is_a_few_units_of_rounding(dtype: np.dtype[Any]) -> None:
    unit = EPS[dtype] * UNITS
    for factor, verdict in ((0.9 * FACTOR, "rounding"), (1.2 * FACTOR, "wrong")):
        found = judged((TRUTH + factor * unit).astype(dtype), dtype)
        assert found.verdict == verdict
        assert found.tolerance is not None
        assert found.max_error is not None
        assert (found.max_error > found.tolerance) == (verdict == "wrong")


def test_the_numbers_are_those_of_the_worst_element() -> None:
    answer = TRUTH + np.array([1e-3, 1e-2, 1e-6])
    found = judged(answer)
    assert found.verdict == "wrong"
    assert found.max_error == pytest.approx(1e-2)
    assert found.tolerance == pytest.approx(FACTOR * EPS[DOUBLE] * UNITS[1])
    assert found.ulps == pytest.approx(1e-2 / (EPS[DOUBLE] * UNITS[1]))
    small = compare(TRUTH + np.array([1e-3, 0, 1e-3]), Gradient(TRUTH, np.zeros(3)), UNITS, DOUBLE)
    assert small.tolerance == pytest.approx(FACTOR * EPS[DOUBLE] * UNITS[2]), "the nearest limit"


def test_a_referees_own_error_is_added() -> None:
    answer = TRUTH + 1e-9
    assert judged(answer).verdict == "wrong"
    assert judged(answer, own_error=2e-9).verdict == "rounding"
    assert judged(answer, own_error=0.5e-9).verdict == "wrong"


def test_a_structural_zero_may_be_noise_but_no_more() -> None:
    truth = Gradient(np.array([1e-17]), np.zeros(1))
    for answer, verdict in ((0.0, "rounding"), (3e-16, "rounding"), (1e-14, "wrong")):
        assert compare(np.array([answer]), truth, np.ones(1), DOUBLE).verdict == verdict


def test_what_has_no_error_must_be_equal() -> None:
    truth = Gradient(np.zeros(2), np.zeros(2))
    assert compare(np.zeros(2), truth, np.zeros(2), DOUBLE).verdict == "exact"
    found = compare(np.array([0.0, 1e-300]), truth, np.zeros(2), DOUBLE)
    assert found.verdict == "wrong"


def test_shapes_are_compared_strictly() -> None:
    column = Gradient(np.ones((3, 1)), np.zeros((3, 1)))
    for answer in (np.ones(3), np.ones((1, 3)), np.ones(()), np.ones((3, 1, 1)), np.float64(1.0)):
        found = compare(answer, column, np.ones((3, 1)), DOUBLE)
        assert found.verdict == "shape"
        assert found.shape == np.shape(answer)
        assert found.max_error is None
    note = compare(np.ones(3), column, np.ones((3, 1)), DOUBLE).note
    assert note == "has shape (3,), expected (3, 1)"
    scalar = Gradient(np.ones(()), np.zeros(()))
    assert compare(np.ones((1,)), scalar, np.ones(()), DOUBLE).verdict == "shape"


def test_a_python_float_is_an_array_without_axes() -> None:
    scalar = Gradient(np.full((), 0.1), np.zeros(()))
    for dtype in (DOUBLE, SINGLE):
        found = compare(0.1, scalar, np.ones(()), dtype)
        assert (found.verdict, found.note) == ("exact", None)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_isnt_finite(bad: float) -> None:
    found = judged(np.array([1.0, bad, bad]))
    assert (found.verdict, found.note) == ("nonfinite", "2 of 3 are NaN or infinite")


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (np.ones(3, int), "holds int64; a gradient needs floats"),
        (np.ones(3, bool), "holds bool; a gradient needs floats"),
        (np.ones(3, complex), "holds complex128; a gradient needs floats"),
        (True, "is a bool, not an array of floats"),
        (None, "is None, not an array of floats"),
        ([1.0, 2.0, 3.0], "is a list, not an array of floats"),
        (Raised("ValueError: no", depends=False), "raised ValueError: no"),
    ],
)
def test_what_is_no_float_array_is_an_error(answer: Any, note: str) -> None:
    found = judged(answer)
    assert (found.verdict, found.note) == ("error", note)


def test_a_whole_number_is_the_float_of_its_value() -> None:
    truth = Gradient(np.array(1.0), np.zeros(()))
    assert compare(1, truth, np.ones(()), DOUBLE).verdict == "exact"
    assert compare(2, truth, np.ones(()), DOUBLE).verdict == "wrong"
    assert judged(1).verdict == "shape"


def test_another_float_type_is_judged_by_the_coarser_one() -> None:
    found = judged(TRUTH.astype(SINGLE) * np.float32(1 + 2 * EPS[SINGLE]))
    assert (found.verdict, found.note) == ("rounding", "is float32, expected float64")
    found = judged(TRUTH * (1 + EPS[SINGLE]), SINGLE)
    assert (found.verdict, found.note) == ("rounding", "is float64, expected float32")
    assert judged(TRUTH.astype(np.longdouble)).verdict == "exact"
    assert judged(TRUTH.astype(SINGLE)).verdict == "exact", "at the problem's own precision"


def test_a_run_may_be_coarser_than_its_steps() -> None:
    answer = TRUTH * (1 + EPS[SINGLE])
    truth = Gradient(TRUTH, np.zeros(3))
    assert compare(answer, truth, UNITS, DOUBLE).verdict == "wrong"
    assert compare(answer, truth, UNITS, DOUBLE, EPS[SINGLE]).verdict == "rounding"


def test_a_referee_may_look_at_some_elements_and_along_a_direction() -> None:
    value = np.arange(12.0).reshape(3, 4)
    places = np.array([0, 5])
    direction = np.ones((3, 4))

    def against(answer: Any, along: bool) -> Comparison:
        line = (direction, float(value.sum()), 1e-9) if along else None
        truth = Gradient(value.ravel()[places], np.full(2, 1e-10), places, line)
        return compare(answer, truth, np.ones((3, 4)), DOUBLE)

    found = against(value, along=True)
    assert (found.verdict, found.note) == ("rounding", "2 of 12 elements looked at")
    seen, unseen = value.copy(), value.copy()
    seen[1, 1] += 1e-3
    unseen[2, 3] += 1e-3
    assert against(seen, along=False).verdict == "wrong"
    assert against(unseen, along=False).verdict == "rounding", "nobody looked there"
    found = against(unseen, along=True)
    assert found.verdict == "wrong"
    assert found.max_error == pytest.approx(1e-3)


def test_an_empty_gradient_is_exact() -> None:
    empty = np.zeros((0, 3))
    found = compare(empty, Gradient(empty, empty), empty, DOUBLE)
    assert found.verdict == "exact"
