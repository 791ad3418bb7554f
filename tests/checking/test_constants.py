"""A constant of backward with eight digits or more is as exact as its digits, and excuses no other
line."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

SOURCE = """
import numpy as np

def inputs(rng, *, n=4, d=5):
    return {"x": 1e-3 * rng.normal(size=(n, d)), "g": rng.normal(size=d)}

def forward(x, g):
    v = (x * x).mean(1, keepdims=True)
    r = 1 / np.sqrt(v + 1e-14)
    n = x * r
    y = g * n
    loss = (y ** 2).sum() / 6
    return loss

def backward(x, g, v, r, n, y):
    dy = y * THIRD
    dg = (dy * n).sum(0)
    dn = dy * g
    dr = (dn * x).sum(1, keepdims=True)
    dv = -0.5 * dr * (v + 1e-14) ** -1.5
    dx = dn * r + 2 * x * dv / x.shape[1]
    return {"x": dx, "g": dg}
"""
DIGITS = ("0.33333333", "0.3333333333", "0.333333333333")


@pytest.mark.parametrize("third", DIGITS)
def test_right_to_its_digits(checked: Checked, third: str) -> None:
    report = checked(SOURCE.replace("THIRD", third))
    assert_right(report)
    assert any(third in note and "digits" in note for note in report.notes)


@pytest.mark.parametrize(
    ("right", "wrong", "root"),
    [
        ("(v + 1e-14) ** -1.5", "v ** -1.5", "v"),
        ("(v + 1e-14) ** -1.5", "(v + 2e-14) ** -1.5", "v"),
        ("dn = dy * g", "dn = dy * (g + 1e-7)", "n"),
    ],
)
def test_it_excuses_no_other_line(checked: Checked, right: str, wrong: str, root: str) -> None:
    """Each is out by less than what has gone through the constant may be."""
    assert SOURCE.count(right) == 1
    report = checked(SOURCE.replace(right, wrong).replace("THIRD", DIGITS[0]))
    assert report.roots == (root,)
    (row,) = (row for row in report.rows if row.name == root)
    assert row.mistake is not None and row.mistake.code in ("missing-eps", "factor", "unknown")


def test_a_term_too_many_lacks_no_factor(checked: Checked) -> None:
    """Times something as small as v, it would be gone."""
    wrong = SOURCE.replace("dn = dy * g", "dn = dy * (g + EXTRA)").replace("THIRD", DIGITS[0])
    report = checked(f"EXTRA = 1e-7\n{wrong}")
    (row,) = (row for row in report.rows if row.name in report.roots)
    assert row.mistake is not None
    assert row.mistake.message == "without `EXTRA` the line is right"


@pytest.mark.parametrize("third", ["0.33", "0.333333"])
def test_few_digits_are_a_mistake(checked: Checked, third: str) -> None:
    report = checked(SOURCE.replace("THIRD", third))
    assert report.roots == ("y",)


def test_a_constant_that_is_off_at_its_last_digits(checked: Checked) -> None:
    report = checked(SOURCE.replace("THIRD", "0.333333333401"))
    (row,) = (row for row in report.rows if row.name in report.roots)
    assert row.mistake is not None
    assert "too few digits" in row.mistake.message
