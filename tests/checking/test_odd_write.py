"""Where a gradient is put together in several statements, the wrong one of them is blamed."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

from sweeps import a_few

SOURCE = """
import numpy as np

def inputs(rng, *, n=3, m=4):
    return {"x": rng.normal(size=(n, m)), "A": rng.normal(size=(m, m))}

def forward(x, A):
    a = np.tanh(x)
    s = 1 / (1 + np.exp(-x))
    c = x @ A
    out = a * c + s
    return out

def backward(x, A, a, s, c, dout):
    da = dout * c
    dc = dout * a
    ds = dout
    dx = da * (1 - a**2)
    dx {more} dc @ A.T
    dx {more} ds * s * (1 - s)
    dA = x.T @ dc
"""
STYLES = ("+=", "= dx +")
SLIPS = (
    ("da * (1 - a**2)", "da * (1 + a**2)"),
    ("da * (1 - a**2)", "da * (1 - np.cos(a))"),
    ("dc @ A.T", "dc @ A"),
    ("dc @ A.T", "np.sin(dc) @ A.T"),
    ("ds * s * (1 - s)", "ds"),
    ("ds * s * (1 - s)", "-ds * s * (1 - s)"),
    ("ds * s * (1 - s)", "ds * np.cos(s)"),
)


@pytest.mark.parametrize("more", STYLES)
def test_right(checked: Checked, more: str) -> None:
    assert_right(checked(SOURCE.replace("{more}", more)))


@pytest.mark.parametrize("more", a_few(STYLES))
@pytest.mark.parametrize(("right", "wrong"), SLIPS)
def test_its_line(checked: Checked, more: str, right: str, wrong: str) -> None:
    source = SOURCE.replace("{more}", more)
    assert source.count(right) == 1
    report = checked(source.replace(right, wrong))
    assert report.roots == ("x",)
    (line,) = (row.line for row in report.rows if row.name == "x")
    assert line is not None
    assert wrong in source.replace(right, wrong).splitlines()[line - 1]
