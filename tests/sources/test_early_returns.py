"""Backwards that return before their last line: what stands below isn't run."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.program.problem import Problem
from byhand.sources.load import load

PAIR = """
import numpy as np

def gate_forward(x, w, mode="rows"):
    out = x * w
    return out, (x, w, mode)

def gate_backward(dout, cache):
    x, w, mode = cache
    if mode == "rows":
        dw = {rows}
        return dout * w, dw
    {between}
    return dout, dout
"""
LAYER = """
import numpy as np

class Scale:
    def __init__(self, width):
        self.gain = np.random.randn(width)

    def forward(self, x):
        self.x = x
        return x * self.gain

    def backward(self, grad, lr):
        if grad.ndim > 1:
            g_gain = {rows}
            self.gain -= lr * g_gain
            return grad * self.gain_before
        g_gain = grad
        self.gain -= lr * g_gain
        return grad
"""
ONE_CLASS = """
import numpy as np

class Probabilities:
    def __init__(self, inside, classes):
        self.table = np.random.randn(inside, classes)

    def forward(self, x):
        self.shape, self.x = x.shape, x.ravel()
        self.counts = np.exp(self.x @ self.table)
        return self.counts / self.counts.sum()

    def backward(self, upstream, lr):
        total = self.counts.sum()
        for k, up in enumerate(upstream):
            if up == 0:
                continue
            slope = -self.counts[k] * self.counts / total**2
            slope[k] += {own}
            change = up * slope
            back = self.table @ change
            g_table = np.outer(self.x, change)
            self.table -= lr * g_table
            return back.reshape(self.shape)
"""


def checked(text: str, tmp_path: Path) -> Report:
    file = tmp_path / "early.py"
    file.write_text(text)
    problem = load(str(file))
    assert isinstance(problem, Problem)
    return check(problem)


@pytest.mark.parametrize("between", ["pass", "dout = 2 * dout", "x = dout"])
def test_a_pair(between: str, tmp_path: Path) -> None:
    text = PAIR.replace("{between}", between)
    report = checked(text.replace("{rows}", "(dout * x).sum(axis=0)"), tmp_path)
    assert report.ok, str(report)
    assert {row.name for row in report.rows} == {"x", "w"}
    report = checked(text.replace("{rows}", "-(dout * x).sum(axis=0)"), tmp_path)
    assert report.roots == ("w",)
    assert report["w"].line == 11


def test_a_layer_that_takes_steps(tmp_path: Path) -> None:
    text = LAYER.replace(
        "            g_gain", "            self.gain_before = 1 * self.gain\n            g_gain", 1
    )
    report = checked(text.replace("{rows}", "(grad * self.x).sum(axis=0)"), tmp_path)
    assert report.ok, str(report)
    assert {row.name for row in report.rows} == {"x", "gain"}
    report = checked(text.replace("{rows}", "(grad * self.x).mean(axis=0)"), tmp_path)
    assert report.roots == ("gain",)


def test_the_gradient_of_one_class(tmp_path: Path) -> None:
    report = checked(ONE_CLASS.replace("{own}", "self.counts[k] / total"), tmp_path)
    assert report.ok, str(report)
    assert {row.name for row in report.rows} == {"x", "table"}
    assert any("one element of" in note for note in report.notes)
    report = checked(ONE_CLASS.replace("{own}", "self.counts[k]"), tmp_path)
    assert not report.ok


STEPS = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad_output, learn_rate=0.1):
        W = self.W
        {before}
        grad_W = self.x.T @ grad_output
        grad_b = grad_output.sum(axis=0)
        W -= learn_rate * grad_W
        self.b -= learn_rate * grad_b
        {after}
        return grad_input
"""


@pytest.mark.parametrize("read", ["W", "self.W"])
def test_a_step_is_taken_under_another_name(read: str, tmp_path: Path) -> None:
    back = f"grad_input = grad_output @ {read}.T"
    report = checked(STEPS.format(before=back, after="pass"), tmp_path)
    assert report.ok, str(report)
    assert {row.name for row in report.rows} == {"W", "b", "x"}
    report = checked(STEPS.format(before="pass", after=back), tmp_path)
    assert not report.ok
