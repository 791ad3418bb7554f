"""Estimators written from scratch: `fit(X, y)` trains in a loop, with methods that it calls. Right
ones give no alarm; mistakes are found in their line, also in what a method says."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from exchanged import assert_blamed, exchanged

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.sources.load import load_one, sources
from sweeps import a_few

FITS = Path(__file__).with_name("forms") / "fits"
FOUND = {
    "by_pairs": ("OneByOne", ["bias", "weights"]),
    "by_rows": ("LinearBySteps", ["b", "w"]),
    "chain_rule": ("Network", ["w1", "w2", "b1", "w3", "b2"]),
    "logistic": ("LogisticRegression", ["weights", "bias"]),
    "margin": ("Margin", ["w", "b"]),
    "margin_by_rows": ("MarginByRows", ["w", "b"]),
    "margin_with_loss": ("MarginWithLoss", ["w", "b"]),
    "minibatches": ("SoftmaxClassifier", ["logits", "W", "b"]),
    "one_weight": ("one_weight", ["weight"]),
    "penalized": ("LogReg", ["w", "b"]),
    "ridge": ("RidgeRegression", ["w"]),
    "softmax": ("SoftmaxRegression", ["scores", "W", "b"]),
    "update_weights": ("LinearRegression", ["W", "b"]),
    "with_intercept": ("LogisticRegressionGD", ["theta"]),
}
"""The problem of each file, and the gradients that are judged."""


@cache
def right(name: str) -> dict[str, Report]:
    return {each.name: check(each.read()) for each in sources(FITS / f"{name}.py")}


def test_every_file_is_here() -> None:
    assert {file.stem for file in FITS.glob("*.py")} == {*FOUND}


@pytest.mark.parametrize("name", a_few(FOUND))
def test_right_ones(name: str) -> None:
    ((problem, report),) = right(name).items()
    assert report.ok, str(report)
    assert (problem, [row.name for row in report.rows]) == FOUND[name]
    assert not any("holds something other" in note for note in report.notes)


PLANTED = (
    ("by_pairs", "dz = p - y_i", "dz = y_i - p"),
    ("by_pairs", "dw = dz * x_i", "dw = 2 * dz * x_i"),
    ("by_rows", "* off * row", "* off"),
    ("by_rows", "self.b -= self.rate * off", "self.b += self.rate * off"),
    ("margin", "-self.C * np.sum(y[inside])", "self.C * np.sum(y[inside])"),
    ("margin", "d_w = self.w - self.C", "d_w = self.w + self.C"),
    ("margin_by_rows", "- signs[i] * x)", "+ signs[i] * x)"),
    ("margin_by_rows", "self.b -= self.lr", "self.b += self.lr"),
    ("margin_by_rows", "(2 * self.reg * self.w)\n", "(2 * self.reg * self.w + x)\n"),
    ("chain_rule", "d_ypred_d_h1 * x[1]", "d_ypred_d_h1 * x[0]"),
    ("chain_rule", "* h1 * deriv_sigmoid(sum_o1)", "* sum_h1 * deriv_sigmoid(sum_o1)"),
    ("chain_rule", "self.b2 -= learn_rate", "self.b2 += learn_rate"),
    ("logistic", "np.dot(X.T, (y_pred - y))", "np.dot(X.T, (y - y_pred))"),
    ("logistic", "(1 / n_samples) * np.sum(y_pred - y)", "np.sum(y_pred - y)"),
    ("margin_with_loss", "d_w = self.w - self.C", "d_w = 2 * self.w - self.C"),
    ("margin_with_loss", "d_w = self.w - self.C", "d_w = -self.C"),
    ("margin_with_loss", "d_b = -self.C", "d_b = self.C"),
    ("minibatches", "+ self.reg_strength * self.W\n", "+ 2 * self.reg_strength * self.W\n"),
    ("minibatches", "grad_logits.sum(axis=0)", "grad_logits.mean(axis=0)"),
    ("minibatches", "(probs - y_batch) / X_batch.shape[0]", "probs - y_batch"),
    ("one_weight", "change = delta * input", "change = delta * weight"),
    ("one_weight", "change = delta * input", "change = delta"),
    ("penalized", "err.mean()", "err.sum()"),
    ("penalized", "X.T @ err / m", "X.T @ err"),
    ("ridge", "+ self.alpha * self.w\n", "+ 2 * self.alpha * self.w\n"),
    ("ridge", "(y - y_pred).dot(X) / len(y)", "(y - y_pred).dot(X)"),
    ("softmax", "(probs - Y) / n", "(probs - Y)"),
    ("softmax", "dW = X.T @ dscores", "dW = X.T @ probs / n"),
    ("update_weights", "- 2 * np.sum(self.Y - Y_pred)", "2 * np.sum(self.Y - Y_pred)"),
    ("update_weights", "(self.Y - Y_pred)) / self.m", "(self.Y - Y_pred))"),
    ("with_intercept", "np.dot(X.T, (h - y)) / y.size", "np.dot(X.T, (h - y))"),
    ("with_intercept", "np.dot(X.T, (h - y)) / y.size", "np.dot(X.T, (y - h)) / y.size"),
)
"""File, the text to exchange, and the wrong one."""


@pytest.mark.parametrize(("name", "old", "new"), a_few(PLANTED))
def test_mistakes(name: str, old: str, new: str, tmp_path: Path) -> None:
    file, line = exchanged(FITS / f"{name}.py", old, new, tmp_path)
    assert_blamed(file, FOUND[name][0], line)


def test_what_two_branches_keep_small_by_different_factors(tmp_path: Path) -> None:
    file, _ = exchanged(
        FITS / "margin_by_rows.py",
        "(2 * self.reg * self.w)\n",
        "(3 * self.reg * self.w)\n",
        tmp_path,
    )
    with pytest.raises(
        ProblemError, match=r"by 2 \* reg \* w here, and by 3 \* reg \* w in line 20"
    ):
        sources(file)


PERCEPTRON = """
import numpy as np


class Perceptron:
    def __init__(self, lr=0.01, n_iters=1000):
        self.lr = lr
        self.n_iters = n_iters

    def fit(self, X, y):
        self.weights = np.zeros(X.shape[1])
        self.bias = 0
        for _ in range(self.n_iters):
            for idx, x_i in enumerate(X):
                linear_output = np.dot(x_i, self.weights) + self.bias
                y_predicted = np.where(linear_output >= 0, 1, 0)
                update = self.lr * (y[idx] - y_predicted)
                self.weights += update * x_i
                self.bias += update
"""


@pytest.mark.parametrize(
    "step", ["np.where(linear_output >= 0, 1, -1)", "np.sign(linear_output)", "linear_output > 0"]
)
def test_a_perceptron_is_not_called_wrong(step: str, tmp_path: Path) -> None:
    file = tmp_path / "perceptron.py"
    file.write_text(PERCEPTRON.replace("np.where(linear_output >= 0, 1, 0)", step))
    with pytest.raises(ProblemError, match=r"perceptron\.py:16: y_predicted is one of two"):
        sources(file)


def test_a_loss_that_is_printed_without_its_factor_is_taken_with_it(tmp_path: Path) -> None:
    file, _ = exchanged(FITS / "ridge.py", "np.mean(0.5 * (y", "np.mean(1.0 * (y", tmp_path)
    text = file.read_text().replace("self.alpha * 0.5 *", "self.alpha *")
    file.write_text(text)
    (source,) = sources(file)
    report = check(source.read())
    assert report.ok, str(report)
    assert any("mse / 2" in note for note in report.notes)


AT_THE_TOP = """
import numpy as np

np.random.seed(42)
m = 60
X = 2 * np.random.rand(m, 1)
y = 4 + 3 * X + np.random.randn(m, 1)
X_b = np.c_[np.ones((m, 1)), X]
theta = np.random.randn(2, 1)
for epoch in range(1000):
    gradients = 2 / m * X_b.T @ (X_b @ theta - y)
    theta = theta - 0.1 * gradients
"""
IN_A_CLASS = """
import numpy as np

class LinearRegression:
    def fit(self, X, y):
        n_samples, n_features = X.shape
        self.weights = np.zeros(n_features)
        self.bias = 0
        for _ in range(100):
            dw = (1 / n_samples) * np.dot(X.T, (np.dot(X, self.weights) + self.bias - y))
            db = (1 / n_samples) * np.sum(np.dot(X, self.weights) + self.bias - y)
            self.weights -= 0.1 * dw
            self.bias -= 0.1 * db
"""


@pytest.mark.parametrize(
    ("text", "names"), [(AT_THE_TOP, {"theta"}), (IN_A_CLASS, {"weights", "bias"})]
)
def test_a_prediction_without_a_name(text: str, names: set[str], tmp_path: Path) -> None:
    """It is computed where it is compared with the labels, once or in every gradient."""
    file = tmp_path / "regression.py"
    file.write_text(text)
    report = check(load_one(file))
    assert report.ok, str(report)
    assert {row.name for row in report.rows} == names


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (AT_THE_TOP, "(X_b @ theta - y)", "(y - X_b @ theta)"),
        (IN_A_CLASS, "dw = (1 / n_samples)", "dw = (1 / n_features)"),
        (IN_A_CLASS, "db = (1 / n_samples) * np.sum", "db = np.sum"),
    ],
)
def test_a_mistake_beside_one(text: str, old: str, new: str, tmp_path: Path) -> None:
    wrong = text.replace(old, new)
    file = tmp_path / "regression.py"
    file.write_text(wrong)
    report = check(load_one(file))
    (root,) = report.roots
    (line,) = {row.line for row in report.rows if row.name == root}
    assert line == wrong[: wrong.index(new)].count("\n") + 1
