"""A gradient that is that of nothing in forward has a row, and no verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import Problem
from byhand.sources.load import load

LOSS = """
import numpy as np

def softmax_loss(W, X, y, center):
    scores = (X - center) @ W
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    d = p.copy()
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    dW = (X - center).T @ d
    dmiddle = -(d @ W.T)
    return loss, dW, dmiddle
"""

DICT = """
import numpy as np

def cost(params, X, y):
    h = np.tanh(X @ params["W1"] + params["b1"])
    loss = ((h - y) ** 2).mean()
    dh = 2 * (h - y) / h.size * (1 - h ** 2)
    grads = {"W1": X.T @ dh}
    grads["bias1"] = dh.sum(axis=0)
    return loss, grads
"""

PAIR = """
def affine_forward(x, w, b):
    return x @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    dscale = dout.sum()
    return dx, dw, db, dscale
"""


@pytest.mark.parametrize(
    ("text", "name", "line"), [(LOSS, "middle", 13), (DICT, "bias1", 9), (PAIR, "scale", 10)]
)
def test_it_is_said_not_to_be_judged(text: str, name: str, line: int, tmp_path: Path) -> None:
    file = tmp_path / "gradients.py"
    file.write_text(text)
    found = load(file)
    assert isinstance(found, Problem)
    report = check(found)
    assert not report.ok
    assert not report.roots
    (row,) = report.unjudged
    assert (row.name, row.line) == (name, line)
    assert row.note == f"what this is the gradient of isn't known: forward has no {name}"


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (LOSS, "dmiddle", "dcenter"),
        (LOSS, "return loss, dW, dmiddle", "return loss, dW, p"),
        (DICT, "bias1", "b1"),
        (PAIR, "dscale", "total"),
    ],
)
def test_what_belongs_to_something_or_is_no_gradient(
    text: str, old: str, new: str, tmp_path: Path
) -> None:
    file = tmp_path / "gradients.py"
    file.write_text(text.replace(old, new))
    found = load(file)
    assert isinstance(found, Problem)
    report = check(found)
    assert report.ok, str(report)
