"""Where the truth isn't a number: finite differences tell it, or the element isn't judged."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from byhand.checking.check import check
from byhand.checking.judging.compare import compare
from byhand.checking.report import Report
from byhand.program.problem import load
from byhand.referees.differences import Line, one_sided
from byhand.referees.referee import Gradient


def problem(x: str, forward: str, backward: str) -> str:
    return f"""
import numpy as np
def inputs(rng):
    return {{"x": np.array({x})}}
def forward(x):
    {forward}
    return y
def backward(x, y, dy):
    {backward}
"""


def checked(folder: Path, *parts: str) -> Report:
    file = folder / "problem.py"
    file.write_text(problem(*parts))
    return check(load(file))


TRAP = "y = np.where(x > 0, x, np.exp(x))"
ROOT = "y = np.sqrt(x)"


@pytest.mark.parametrize(
    ("x", "forward", "backward", "verdict", "told"),
    [
        ("[800.0, -1.0, 0.5]", TRAP, "dx = dy * np.where(x > 0, 1, y)", "right", True),
        ("[800.0, -1.0, 0.5]", TRAP, "dx = dy * np.where(x > 0, 2, y)", "wrong", True),
        (
            "[800.0, -1.0, 0.5]",
            TRAP,
            "dx = dy * ((x > 0) + (x <= 0) * np.exp(x))",
            "nonfinite",
            True,
        ),
        ("[0.0, 4.0, 0.25]", ROOT, "dx = dy / (2 * y)", "right", False),
        ("[0.0, 4.0, 0.25]", ROOT, "dx = dy / np.where(y == 0, 1, 2 * y)", "right", False),
        ("[0.0, 4.0, 0.25]", ROOT, "dx = dy / y", "wrong", False),
        ("[0.0, 0.0]", ROOT, "dx = dy / (2 * y)", "unjudged", False),
        ("[0.0, 0.0]", ROOT, "dx = dy", "unjudged", False),
        ("[0.0, 0.0]", ROOT, "dx = dy[:1]", "shape", False),
    ],
)
def test_elements_without_a_number(
    tmp_path: Path, x: str, forward: str, backward: str, verdict: str, told: bool
) -> None:
    row = checked(tmp_path, x, forward, backward)["x"]
    assert (row.verdict if verdict != "right" else row.right) in (verdict, True), row
    if verdict == "right":
        assert ("can't be told in 1 of 3 elements" in (row.note or "")) == (not told)


def test_an_unjudged_row_is_no_root_and_the_report_not_ok(tmp_path: Path) -> None:
    report = checked(tmp_path, "[0.0, 0.0]", ROOT, "dx = dy / (2 * y)")
    assert (report.ok, report.roots) == (False, ())
    assert "1 unjudged" in str(report)


def test_elements_whose_bound_is_no_number_say_nothing() -> None:
    truth = Gradient(np.array([1.0, 2.0, np.nan]), np.zeros(3))
    error = np.array([np.inf, 1.0, 1.0])
    found = compare(np.array([9.0, 2.0, np.inf]), truth, error, np.dtype(float))
    assert found.verdict == "exact"
    assert "in 2 of 3 elements" in (found.note or "")
    wrong = compare(np.array([1.0, 3.0, 0.0]), truth, error, np.dtype(float))
    assert (wrong.verdict, wrong.max_error) == ("wrong", 1.0)
    nowhere = Gradient(np.full(2, np.nan), np.zeros(2))
    assert compare(np.ones(2), nowhere, np.ones(2), np.dtype(float)).verdict == "unjudged"


LINES: dict[Line, float | None] = {
    lambda h: 3 * h + h**2 if h >= 0 else math.nan: 3.0,
    lambda h: -2 * h + h * math.sqrt(-h) if h <= 0 else math.nan: -2.0,
    lambda h: h ** (1 + h) if h > 0 else math.nan: 1.0,
    lambda h: math.sqrt(h) if h >= 0 else math.nan: None,
    lambda h: h * math.log(h) if h > 0 else math.nan: None,
    lambda h: math.nan: None,
}


@pytest.mark.parametrize(("line", "slope"), LINES.items())
def test_slopes_at_the_edge_of_a_domain(line: Line, slope: float | None) -> None:
    found = one_sided(line, 0.25, 1e-17)
    if slope is None:
        assert not math.isfinite(found.error)
    else:
        assert abs(found.value - slope) <= found.error < 1e-4
