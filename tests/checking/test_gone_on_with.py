"""A gradient that goes on under another name and is changed there, `dz = dh; dz *= h > 0`: no
mistake, where nothing reads it any more as it was."""

from __future__ import annotations

import itertools

import pytest
from verdicts import Checked, assert_right

from sweeps import a_few

NET = """
import numpy as np

data = ("X",)

def inputs(rng, *, n=6, d=4, h=5):
    X, W1, b1 = rng.normal(size=(n, d)), rng.normal(size=(d, h)), rng.normal(size=h)
    return {{"X": X, "W1": W1, "b1": b1, "W2": rng.normal(size=(h, 3))}}

def forward(X, W1, b1, W2):
    {forward}
    out = h @ W2
    return out

def backward(dout, X, h, W2):
    dW2 = h.T @ dout
    dh = dout @ W2.T
    {other} = {alias}
    {mask}
    {after}
    dW1 = X.T @ {last}
    db1 = {last}.sum(0)
    {end}
"""
UNNAMED = "h = np.maximum(0, X @ W1 + b1)"
NAMED = "z = X @ W1 + b1\n    h = np.maximum(0, z)"
ALIASES = ["dh", "dh.view()", "dh[:]", "np.asarray(dh)", "dh.reshape(dh.shape)"]
MASKS = [
    "{0} *= h > 0",
    "{0}[h <= 0] = 0",
    "np.multiply({0}, h > 0, out={0})",
    "{0} -= {0} * (h <= 0)",
]
ENDS = ["pass", 'return {"W1": dW1, "b1": db1, "W2": dW2}']
RIGHT = [
    *itertools.product(
        [UNNAMED], ["dz", "tmp", "grad", "gh", "th"], ALIASES, MASKS, [False, True], ENDS
    ),
    *itertools.product([NAMED], ["dz", "tmp"], ALIASES, MASKS, [False, True], ENDS[1:]),
    *itertools.product([NAMED], ["gz", "tz"], ALIASES, MASKS, [False, True], ENDS),
]


def text(
    forward: str, other: str, alias: str, mask: str, renamed: bool = False, end: str = "pass"
) -> str:
    return NET.format(
        forward=forward,
        other=other,
        alias=alias,
        mask=mask.format(other),
        after=f"dh = {other}" if renamed else "pass",
        last="dh" if renamed else other,
        end=end,
    )


@pytest.mark.parametrize(("forward", "other", "alias", "mask", "renamed", "end"), a_few(RIGHT))
def test_right_ones(
    checked: Checked, forward: str, other: str, alias: str, mask: str, renamed: bool, end: str
) -> None:
    report = checked(text(forward, other, alias, mask, renamed, end))
    assert_right(report)
    assert not any("forward pass" in note for note in report.notes)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("forward", [UNNAMED, NAMED])
def test_what_reads_it_later_is_harmed(checked: Checked, forward: str, mask: str) -> None:
    source = text(forward, "dz", "dh", mask).replace("X @ W1 + b1)", "X @ W1 + b1) + b2")
    source = source.replace("np.maximum(0, z)", "np.maximum(0, z) + b2")
    source = source.replace('"W1": W1,', '"W1": W1, "b2": rng.normal(size=h),')
    source = source.replace("X, W1, b1, W2):", "X, W1, b1, W2, b2):")
    source = source.replace("X, h, W2):", "X, h, W2, b2):").replace("h > 0", "h > b2")
    source = source.replace("h <= 0", "h <= b2") + "    db2 = dh.sum(0)\n"
    report = checked(source)
    assert not report.ok
    assert "aliased" in str(report)
    assert_right(checked(source.replace("dz = dh", "dz = dh.copy()")))


@pytest.mark.parametrize("other", ["t", "dt"])
def test_an_asked_gradient_must_stay(checked: Checked, other: str) -> None:
    source = """
import numpy as np

def inputs(rng, *, n=4, d=3):
    return {"x": rng.normal(size=(n, d)), "w": rng.normal(size=d)}

def forward(x, w):
    y = np.tanh(x * w)
    return y

def backward(dy, x, w, y):
    dx = dy * (1 - y**2) * w
    t = dx
    t *= x / w
    dw = t.sum(0)
"""
    source = source.replace("t = dx", f"{other} = dx").replace("t *=", f"{other} *=")
    source = source.replace("t.sum", f"{other}.sum")
    report = checked(source)
    assert not report.ok
    assert 14 in {row.line for row in report.rows if row.name in report.roots}
    assert_right(checked(source.replace("= dx", "= dx.copy()")))


@pytest.mark.parametrize("mean", ["dx = 2 * (dx / len(x))", "dx *= 2 / len(x)"])
def test_what_changes_no_number_at_one_size_is_to_blame(checked: Checked, mean: str) -> None:
    source = """
import numpy as np

data = ("t",)

def inputs(rng, *, n=2, d=3):
    return {"x": rng.normal(size=(n, d)), "t": rng.normal(size=(n, d))}

def forward(x, t):
    loss = 0.5 * ((x - t) ** 2).sum() / len(x)
    return loss

def backward(x, t):
    dx = x - t
    dx = dx / len(x)
"""
    assert_right(checked(source))
    report = checked(source.replace("dx = dx / len(x)", mean))
    assert report.roots == ("x",)
    assert report["x"].line == 15
