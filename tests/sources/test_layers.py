"""Layers as classes: gradients that are returned, left in the layer, or put into a dict of its."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.deriving.derive import derive
from byhand.errors import ProblemError
from byhand.program.problem import Problem, parsed
from byhand.sources.layer_classes import layers_in
from byhand.sources.load import load
from sweeps import a_few

FILE = Path(__file__).with_name("forms") / "layer_classes.py"
TEXT = FILE.read_text()
ANSWERS = {
    "Linear": {"x", "W", "b"},
    "Affine": {"x", "W", "b"},
    "ReLU": {"x"},
    "Tanh": {"x"},
    "BatchNorm": {"x", "gamma", "beta"},
    "SoftmaxWithLoss": {"x"},
    "Embedding": {"weight"},
    "LayerNorm": {"x", "g"},
}


def checked(path: str) -> Report:
    problem = load(path)
    assert isinstance(problem, Problem)
    return check(problem)


@cache
def right(name: str) -> Report:
    return checked(f"{FILE}:{name}")


@pytest.mark.parametrize("name", ANSWERS)
def test_right_ones(name: str) -> None:
    report = right(name)
    assert report.ok, str(report)
    assert {row.name for row in report.rows} == ANSWERS[name]
    assert all(row.line is not None for row in report.rows)


@pytest.mark.parametrize("name", ["Linear", "LayerNorm"])
def test_what_a_layer_keeps_is_not_derived(name: str) -> None:
    problem = load(f"{FILE}:{name}")
    assert isinstance(problem, Problem)
    found = derive(problem, closed=True)  # its gradients are the engine's, or it raises
    assert {step.name for step in found.steps} - {""} == ANSWERS[name]
    assert "dself" not in found.source


def test_all_of_a_file() -> None:
    assert [layer.name for layer in layers_in(parsed(TEXT, FILE))] == list(ANSWERS)


@pytest.mark.parametrize(
    ("name", "old", "new", "wrong"),
    a_few([
        ("Linear", "self.dW = self.x.T @ dout", "self.dW = self.x.T @ dout * 2", "W"),
        ("Linear", "self.db += dout.sum(axis=0)", "self.db += dout.sum()", "b"),
        ("Linear", "return dout @ self.W.T", "return dout @ self.dW.T", "x"),
        ("Affine", 'self.grads["b"] = np.sum(grad_output, axis=0)',
         'self.grads["b"] = np.mean(grad_output, axis=0)', "b"),
        ("ReLU", "dout[self.mask] = 0", "dout[self.mask] = 1", "out"),
        ("Tanh", "(1 - self.out ** 2)", "(1 - self.out)", "x"),
        ("BatchNorm", "self.dgamma = (dout * self.xhat).sum(0)",
         "self.dgamma = (dout * self.xhat).mean(0)", "gamma"),
        ("BatchNorm", "- self.xhat * (dxhat", "+ self.xhat * (dxhat", "x"),
        ("SoftmaxWithLoss", "dx = dx / n", "dx = dx", "x"),
        ("Embedding", "np.add.at(self.weight_grad, self.ix, grad)",
         "self.weight_grad[self.ix] += grad", "weight"),
        ("LayerNorm", "self.dg[j] = (dout[:, j] * self.n[:, j]).sum()",
         "self.dg[j] = dout[:, j].sum()", "g"),
    ]),
)  # fmt: skip
def test_planted_mistakes(name: str, old: str, new: str, wrong: str, tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    start = TEXT.index(f"class {name}")
    file.write_text(TEXT[:start] + TEXT[start:].replace(old, new, 1))
    report = checked(f"{file}:{name}")
    assert wrong in report.roots, str(report)
    lines = [row.line for row in report.rows if row.name in report.roots and row.line]
    line = TEXT[: TEXT.index(old, start)].count("\n") + 1
    assert any(abs(each - line) <= 1 for each in lines), str(report)


def test_what_cannot_be_made(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text("class A:\n    def __init__(self, secret):\n        raise ValueError('no')\n"
                    "    def forward(self, x):\n        return x\n"
                    "    def backward(self, dout):\n        return dout\n")  # fmt: skip
    with pytest.raises(ProblemError, match=r"layers.py:1: A: no arguments were found"):
        load(file)
