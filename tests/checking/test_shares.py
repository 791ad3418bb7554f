"""A gradient that goes into itself by way of others: what they read of it is a share, not all."""

from __future__ import annotations

import pytest
from verdicts import Checked

SCALED = """
import numpy as np

def inputs(rng, *, n=5, d=3):
    return {"x": rng.normal(size=(n, d))}

def forward(x):
    n = x.shape[0]
    mean = x.sum(axis=0) / n
    centred = x - mean
    var = (centred**2).sum(axis=0) / n
    y = centred / np.sqrt(var + 1e-5)
    return y

def backward(x, mean, centred, var, y, dy):
    n = x.shape[0]
    rstd = 1 / np.sqrt(var + 1e-5)
    dvar = -0.5 * (dy * y).sum(axis=0) * rstd**2
    dx = dy * rstd
    dx += dvar * 2 * centred / n
    dmean = -dx.sum(axis=0)
    dx += dmean / n
"""
SPANNED = """
import numpy as np

def inputs(rng, *, n=5, d=3):
    return {"x": rng.normal(size=(n, d))}

def forward(x):
    low, high = x.min(axis=0), x.max(axis=0)
    span = high - low
    y = (x - low) / span
    return y

def backward(x, low, high, span, y, dy):
    columns = np.arange(x.shape[1])
    dx = dy / span
    dspan = -(dy * y).sum(axis=0) / span
    dhigh = dspan
    dlow = -dspan - dx.sum(axis=0)
    dx[x.argmin(axis=0), columns] += dlow
    dx[x.argmax(axis=0), columns] += dhigh
"""


@pytest.mark.parametrize("source", [SCALED, SPANNED])
def test_what_is_made_of_a_share_is_judged_with_it(checked: Checked, source: str) -> None:
    report = checked(source)
    assert report.ok
    assert not [note for note in report.notes if "tried alone" in note]


@pytest.mark.parametrize(
    ("source", "right", "wrong", "root", "code"),
    [
        (SCALED, "dx += dmean / n", "dx += dmean", "x", "unnormalised"),
        (SCALED, "dmean = -dx.sum(axis=0)", "dmean = dx.sum(axis=0)", "mean", "sign"),
        (SPANNED, "dlow = -dspan - dx", "dlow = -dx", "low", "missing-path"),
        (SPANNED, "x.argmin(axis=0)", "x.argmax(axis=0)", "x", "wrong-index"),
        (SPANNED, "dx[x.argmax(axis=0), columns]", "dx[y.argmin(axis=0), columns]", "x", None),
    ],
)
def test_only_the_wrong_one_is_a_root(
    checked: Checked, source: str, right: str, wrong: str, root: str, code: str | None
) -> None:
    assert source.count(right) == 1
    report = checked(source.replace(right, wrong))
    assert report.roots == (root,)
    mistake = report[root].mistake
    assert mistake is not None
    assert code in (mistake.code, None)
