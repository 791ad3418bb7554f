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
