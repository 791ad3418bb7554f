"""Data that is NaN where it is missing, or infinite where nothing is let through."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

from byhand.errors import ProblemError

MISSING = """
import numpy as np

data = ("t",)

def inputs(rng, *, n=6, k=3):
    t = rng.normal(size=(n, k))
    t[::2, 0] = np.nan
    return {{"p": rng.normal(size=(n, k)), "t": t}}

def forward(p, t):
    ok = ~np.isnan(t)
    {error}
    return loss

def backward(p, t, ok):
    dp = np.zeros_like(p)
    dp[ok] = 2 * (p - t)[ok] / ok.sum()
"""

FORWARDS = (
    "loss = np.where(ok, (p - t)**2, 0).sum() / ok.sum()",
    "loss = ((p - t)[ok]**2).mean()",
    "loss = (((p - np.nan_to_num(t)) * ok)**2).sum() / ok.sum()",
    "loss = np.nanmean((p - t)**2)",
)


@pytest.mark.parametrize("error", FORWARDS)
def test_left_out(checked: Checked, error: str) -> None:
    assert_right(checked(MISSING.format(error=error)))


@pytest.mark.parametrize("error", FORWARDS)
@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("ok.sum()\n", "p.size\n", None),
        ("2 * (p - t)", "2 * (t - p)", "sign"),
        ("2 * (p - t)", "(p - t)", "factor"),
    ],
)
def test_a_mistake(checked: Checked, error: str, right: str, wrong: str, code: str | None) -> None:
    before, backward = MISSING.format(error=error).split("def backward")
    report = checked(f"{before}def backward{backward.replace(right, wrong)}")
    (row,) = report.rows
    assert report.roots == ("p",) and row.mistake is not None
    # In nanmean no step says how many are left out.
    assert row.mistake.code in ((code,) if code else ("unnormalised", "unknown"))
    assert "digits" not in row.mistake.message


def test_what_goes_through_is_refused(checked: Checked) -> None:
    with pytest.raises(ProblemError, match="forward gives NaN in loss"):
        checked(MISSING.format(error="loss = ((p - t)**2).mean()"))


def test_what_has_a_gradient_is_refused(checked: Checked) -> None:
    source = MISSING.format(error=FORWARDS[0]).replace('data = ("t",)', "")
    with pytest.raises(ProblemError, match="NaN or infinity in t"):
        checked(source)


def test_infinite_where_nothing_is_let_through(checked: Checked) -> None:
    assert_right(
        checked("""
import numpy as np

data = ("m",)

def inputs(rng, *, n=4):
    m = np.where(np.arange(n) > np.arange(n)[:, None], -np.inf, 0.0)
    return {"s": rng.normal(size=(n, n)), "m": m, "v": rng.normal(size=(n, 3))}

def forward(s, m, v):
    e = np.exp(s + m)
    p = e / e.sum(1, keepdims=True)
    y = p @ v
    return y

def backward(dy, p, v):
    dv = p.T @ dy
    dp = dy @ v.T
    ds = p * (dp - (dp * p).sum(1, keepdims=True))
""")
    )
