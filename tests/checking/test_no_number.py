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


ONE_PASS = """
import numpy as np
def inputs(rng, *, n=50):
    return {"x": rng.normal(size=n) * SCALE}
def forward(x):
    y = x + 1e6
    var = (y * y).mean() - y.mean() ** 2
    loss = np.log(var * var + 1.0)
    return loss
def backward(x, y, var):
    dvar = 2 * var / (var * var + 1)
    dx = BACKWARD
"""
RIGHT = "dvar * 2 * (y - y.mean()) / len(x)"


@pytest.mark.parametrize(
    ("scale", "backward", "unjudged"),
    [
        ("1e-4", RIGHT, ("var",)),
        ("1e-4", "np.zeros_like(x)", ("var", "x")),
        ("1e5", RIGHT, ()),
    ],
)
def test_what_may_be_nothing_but_rounding_is_unjudged(
    tmp_path: Path, scale: str, backward: str, unjudged: tuple[str, ...]
) -> None:
    """Alone, fed with dvar, a right dx is seen to be right."""
    file = tmp_path / "problem.py"
    file.write_text(ONE_PASS.replace("SCALE", scale).replace("BACKWARD", backward))
    report = check(load(file))
    assert tuple(row.name for row in report.unjudged) == unjudged, str(report)
    assert (report.ok, report.wrong) == (not unjudged, False)
    for row in report.unjudged:
        assert row.note is not None
        assert row.note.startswith("var (line 7) may be nothing but rounding")


CENTRED = """
import numpy as np
def inputs(rng, *, n=6, m=3):
    return {"x": rng.normal(size=(n, m)), "b": rng.normal(size=m)}
def forward(x, b):
    c = b.reshape(1, -1) * 2
    h = x + c
    d = h - h.mean(0)
    loss = (d ** 3).mean()
    return loss
def backward(x, b, d):
    dd = 3 * d ** 2 / d.size
    dh = dd - dd.mean(0)
    {way}
    dx = dh
"""


@pytest.mark.parametrize(
    "way",
    [
        "dc = dh.sum(0, keepdims=True); db = 2 * dc[0]",
        "db = 2 * dh.sum(0)",
        "db = np.zeros_like(b)",
    ],
)
def test_a_gradient_that_is_zero_because_its_terms_cancel_is_judged(
    tmp_path: Path, way: str
) -> None:
    file = tmp_path / "problem.py"
    file.write_text(CENTRED.replace("{way}", way))
    report = check(load(file))
    assert report.ok, str(report)


TAKEN_FROM_ITSELF = """
import numpy as np

def inputs(rng, *, n=3):
    return {"x": rng.normal(size=(n,)), "w": rng.normal(size=(n,))}

def forward(x, w):
    a = x * w
    none = a - a
    out = none + w
    return out

def backward(x, w, dout):
    dnone = dout.copy()
    da = dnone - dnone
    dx = da * w
    dw = da * x + dout
"""


def test_what_is_taken_from_itself_is_judged(tmp_path: Path) -> None:
    """Its terms are as large as they are, though the two of one subtraction cancel."""
    file = tmp_path / "itself.py"
    file.write_text(TAKEN_FROM_ITSELF)
    assert check(load(file)).ok
