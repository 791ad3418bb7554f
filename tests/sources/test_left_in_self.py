"""Layers that leave what others return; classes whose methods are a pair of functions."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.sources.load import load

LAYERS = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out)
        self.biases = np.zeros((1, n_out))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights + self.biases

    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = dvalues.sum(axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T

class Leaky:
    def forward(self, z):
        self.z = z
        self.output = np.where(z > 0, z, 0.1 * z)

    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.z <= 0] *= 0.1

class AbsoluteError:
    def forward(self, guess, truth):
        return np.abs(guess - truth).mean(axis=1)

    def backward(self, dvalues, truth):
        self.dinputs = np.sign(dvalues - truth) / dvalues.size
"""
STATIC = """
import numpy as np

class Centred:
    @staticmethod
    def forward(x, w):
        mean = x.mean(axis=1, keepdims=True)
        out = (x - mean) * w
        return out, (x, mean, w)

    @staticmethod
    def backward(dout, cache):
        x, mean, w = cache
        dw = ((x - mean) * dout).sum(axis=0)
        dx = dout * w
        dx -= dx.mean(axis=1, keepdims=True)
        return dx, dw
"""


def checked(text: str, name: str, tmp_path: Path) -> Report:
    file = tmp_path / "layers.py"
    file.write_text(text)
    problem = load(f"{file}:{name}")
    assert isinstance(problem, Problem)
    return check(problem)


@pytest.mark.parametrize(
    ("name", "text", "asked"),
    [
        ("Dense", LAYERS, {"weights", "biases", "inputs"}),
        ("Leaky", LAYERS, {"z"}),
        ("Centred", STATIC, {"w", "x"}),
    ],
)
def test_right_ones(name: str, text: str, asked: set[str], tmp_path: Path) -> None:
    report = checked(text, name, tmp_path)
    assert report.ok, str(report)
    assert {row.name for row in report.rows} == asked


@pytest.mark.parametrize(
    ("name", "right", "wrong", "root", "code"),
    [
        ("Dense", "dvalues.sum(axis=0", "dvalues.mean(axis=0", "biases", "mean-for-sum"),
        ("Dense", "= dvalues @ self.weights.T", "= -dvalues @ self.weights.T", "inputs", "sign"),
        ("Leaky", "*= 0.1", "*= 0.2", "z", None),
        ("Centred", "    dx -= dx", "    dx += dx", "x", None),
    ],
)
def test_wrong_ones(
    name: str, right: str, wrong: str, root: str, code: str | None, tmp_path: Path
) -> None:
    text = STATIC if name == "Centred" else LAYERS
    assert right in text
    changed = text.replace(right, wrong)
    report = checked(changed, name, tmp_path)
    assert report.roots == (root,)
    lines = enumerate(changed.splitlines(), 1)
    assert report[root].line == next(i for i, row in lines if wrong in row)
    mistake = report[root].mistake
    assert mistake is not None and (code is None or mistake.code == code)


def test_a_loss_that_may_be_handed_two_things_is_not_judged(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="dvalues may be guess, or the gradient of what"):
        checked(LAYERS, "AbsoluteError", tmp_path)


SEVERAL_AT_ONCE = """
import numpy as np

class Over:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_out, n_in), np.zeros(n_out)

    def forward(self, xs):
        self.xs = xs
        return np.array([np.tanh(self.W @ x + self.b) for x in xs])

    def backward(self, dys):
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        for x, dy in zip(self.xs, dys):
            s = dy * (1 - np.tanh(self.W @ x + self.b) ** 2)
            self.dW += np.outer(s, x)
            self.db += s
"""


def test_gradients_that_are_begun_several_at_once(tmp_path: Path) -> None:
    """They are no gradients that an earlier call left."""
    file = tmp_path / "over.py"
    file.write_text(SEVERAL_AT_ONCE)
    found = load(file)
    assert isinstance(found, Problem)
    report = check(found)
    assert report.ok and [row.name for row in report.rows] == ["W", "b"]


OF_AN_ERROR = """
import numpy as np

class Words:
    def __init__(self):
        self.A, self.B = np.random.randn(6, 3), np.random.randn(3, 6)

    def forward_pass(self, x):
        h = self.A.T @ x
        u = self.B.T @ h
        y = np.exp(u - u.max())
        return y / y.sum(), h, u

    def backprop(self, e, h, x):
        grad_B = np.outer(h, e)
        grad_A = np.outer(x, self.B @ e)
        self.A -= 0.1 * grad_A
        self.B -= 0.1 * grad_B
"""


def test_what_comes_back_under_another_name_is_none_of_forwards_values(tmp_path: Path) -> None:
    """`e` isn't `u`, only because backward doesn't read that."""
    file = tmp_path / "words.py"
    file.write_text(OF_AN_ERROR)
    found = load(file)
    assert isinstance(found, Problem)
    with pytest.raises(ProblemError, match="asks for e"):
        check(found)


OF_TWO = """
import numpy as np

class Distance:
    def forward(self, a, b):
        self.difference = a - b
        return (self.difference ** 2).sum() / 2

    def backward(self):
        d = self.difference
        return d, d
"""


def test_one_value_is_returned_as_two_gradients(tmp_path: Path) -> None:
    """Both are answered, and the wrong one is."""
    file = tmp_path / "distance.py"
    file.write_text(OF_TWO)
    found = load(file)
    assert isinstance(found, Problem)
    report = check(found)
    assert report.roots == ("b",)
    assert {row.name: row.right for row in report.rows} == {"a": True, "b": False}
    (row,) = (row for row in report.rows if row.name == "b")
    assert row.line == 11 and row.mistake is not None and row.mistake.code == "sign"
