"""A problem file whose backward calls functions of the file: a slip in one of them is said in its
own line, and one in a call in that of the call."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import Problem
from byhand.sources.load import load

NET = """
import numpy as np

data = ("x", "y")

def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def slope(z):
    s = sigmoid(z)
    return s * (1 - s)

def layer_back(dz, a, W):
    gW = a.T @ dz
    gb = dz.sum(axis=0)
    return dz @ W.T, gW, gb

def inputs(rng, *, n=6):
    return {
        "x": rng.normal(size=(n, 4)), "y": rng.uniform(0.1, 0.9, size=(n, 2)),
        "W1": rng.normal(size=(4, 3)), "b1": rng.normal(size=3),
        "W2": rng.normal(size=(3, 2)), "b2": rng.normal(size=2),
    }

def forward(x, y, W1, b1, W2, b2):
    z1 = x @ W1 + b1
    a1 = sigmoid(z1)
    z2 = a1 @ W2 + b2
    a2 = sigmoid(z2)
    loss = 0.5 * ((a2 - y) ** 2).sum()
    return loss

def backward(x, y, W1, W2, z1, a1, z2, a2):
    delta = (a2 - y) * slope(z2)
    back, dW2, db2 = layer_back(delta, a1, W2)
    _, dW1, db1 = layer_back(back * slope(z1), x, W1)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("", ""),
        ("s * (1 - s)", "s * (1 + s)"),
        ("a.T @ dz", "-a.T @ dz"),
        ("dz.sum(axis=0)", "dz.mean(axis=0)"),
        ("back * slope(z1)", "back * slope(a1)"),
        ("(a2 - y) * slope", "2 * (a2 - y) * slope"),
        ("a.T @ dz", "a @ dz"),
    ],
)
def test_the_line_of_a_slip_comes_first(right: str, wrong: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(NET.replace(right, wrong) if right else NET)
    found = load(file)
    assert isinstance(found, Problem)
    report = check(found)
    rows = [row for row in report.rows if row.name in report.roots]
    if not right:
        assert report.ok
        return
    assert rows[0].line == NET[: NET.index(right)].count("\n") + 1
