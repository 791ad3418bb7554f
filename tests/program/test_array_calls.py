"""`np.array` of values that are followed, in forward and in what it calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from byhand import check, derive
from byhand.program.problem import load
from sweeps import a_few

FORWARDS = {
    "numbers of a comprehension": "y = np.array([np.dot(row, w) for row in x])",
    "a list that was filled": "parts = []\n    for row in x:\n        parts.append(row * w)\n"
    "    y = np.asarray(parts)",
    "rows and numbers": "y = np.array([[w[0], 0.0], [2, w[1] * x[0, 0]], [0, 1]])",
    "with a type": "y = np.array((w[0], x[1, 1] ** 2), dtype=float)",
    "in a function": "y = turned(w[0]) @ x[:2, :2]",
    "in an inner function": "def row(i):\n        return np.array([x[i, 0], w[i]])\n"
    "    y = row(0) * row(1)",
    "a mean of a list": "parts = [np.dot(row, w) for row in x]\n    y = np.mean(parts) * w",
    "a sum of rows": "y = np.sum([row * w for row in x], axis=0)",
    "in a condition": "y = x * w if np.array([1.0, w[0]]).sum() > -1e9 else x",
    "columns": "y = np.c_[np.ones(4), x, x @ w] * 2",
    "columns of a column": "y = np.c_[x[:, :1] * w[0], x[:, 1]]",
    "one column": "y = np.c_[x @ w] * w[:1]",
    "one after the other": "y = np.r_[w, 0.0, 1:3, x[0] * w[1], w[2], [w[0], 4.0]] ** 3",
    "rows below rows": "y = np.r_[x, np.ones((2, 3)), x * w]",
    "columns in a function": "y = with_ones(x) @ np.r_[1.0, w]",
    "a copy": "y = np.array(x)\n    y[0] = 2 * y[0] * w",
    "beside what is plain": "y = np.array([1.0, 2.0, 3.0]) * np.array([x[0, 0], w[1], w[2]])",
}
FILE = """
import numpy as np

def turned(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

def with_ones(x):
    return np.c_[np.ones(len(x)), x]

def inputs(rng):
    return {{"x": rng.normal(size=(4, 3)), "w": rng.normal(size=3)}}

def forward(x, w):
    {forward}
    loss = (y**2).sum()
    return loss

def backward(x, w, y):
    dy = 2 * y
"""


@pytest.mark.parametrize("said", a_few(FORWARDS))
def test_it_is_followed(problem_file: Callable[[str], Any], said: str) -> None:
    """The derived backward is right with every referee: those of PyTorch and of differences share
    nothing with the engine."""
    problem = load(problem_file(FILE.format(forward=FORWARDS[said])))
    file = problem_file(
        FILE.format(forward=FORWARDS[said]).partition("def backward")[0] + derive(problem).source
    )
    for referee in ("engine", "finite", "torch"):
        report = check(load(file), referee=referee)
        assert report.ok, (referee, report.roots)
        assert {"x", "w"} <= {row.name for row in report.rows}


def test_what_nobody_follows_stays_an_array(problem_file: Callable[[str], Any]) -> None:
    problem = load(problem_file(FILE.format(forward=FORWARDS["in a function"])))
    turned = problem.forward.globals["turned"]
    assert type(turned(0.1)) is np.ndarray
