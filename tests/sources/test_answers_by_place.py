"""A backward of a problem file that returns its gradients in a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.program.problem import Problem
from byhand.sources.load import load

FILE = """
import numpy as np

data = ("X", "y")

def inputs(rng, *, n=8, d=4, h=5):
    return {
        "X": rng.normal(size=(n, d)), "W1": rng.normal(size=(d, h)),
        "W2": rng.normal(size=(h, 1)), "y": rng.normal(size=(n, 1)),
    }

def forward(X, W1, W2, y):
    a = np.tanh(X @ W1)
    out = a @ W2
    loss = ((out - y) ** 2).mean()
    return loss

def backward(X, W2, y, a, out):
    g = 2 * (out - y) / len(y)
    grad2 = a.T @ g
    ga = g @ W2.T * (1 - a ** 2)
    return [X.T @ ga, grad2]
"""


def report_on(text: str, folder: Path) -> Report:
    file = folder / "model.py"
    file.write_text(text)
    found = load(file)
    assert isinstance(found, Problem)
    return check(found)


@pytest.mark.parametrize(
    "ends", ["[X.T @ ga, grad2]", "(X.T @ ga, grad2)", "X.T @ ga, grad2", "[X.T @ ga, +grad2]"]
)
def test_they_are_those_of_the_inputs_in_order(ends: str, tmp_path: Path) -> None:
    report = report_on(FILE.replace("[X.T @ ga, grad2]", ends), tmp_path)
    assert report.ok
    assert {row.name for row in report.rows} == {"W1", "W2"}


def test_the_names_of_variables_say_otherwise(tmp_path: Path) -> None:
    text = FILE.replace("grad2 =", "W2_grad =").replace("[X.T @ ga, grad2]", "W2_grad, X.T @ ga")
    assert report_on(text, tmp_path).ok


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("grad2 = a.T @ g", "grad2 = a.T @ g / 2"),
        ("[X.T @ ga, grad2]", "[X.T @ ga * 2, grad2]"),
    ],
)
def test_a_mistake_is_in_its_line(old: str, new: str, tmp_path: Path) -> None:
    text = FILE.replace(old, new)
    report = report_on(text, tmp_path)
    (root,) = report.roots
    (row,) = (row for row in report.rows if row.name == root)
    assert row.line == text[: text.index(new)].count("\n") + 1
    assert row.mistake is not None and row.mistake.code == "factor"


def test_too_few_are_of_none(tmp_path: Path) -> None:
    report = report_on(FILE.replace("[X.T @ ga, grad2]", "[grad2]"), tmp_path)
    assert not report.ok
    assert any("which is not read" in note for note in report.notes)


LISTS = """
import numpy as np

{data}

def inputs(rng):
    return {{
        "x": rng.normal(size=(5, 4)), "y": rng.uniform(0.1, 0.9, size=(5, 2)),
        "Ws": [rng.normal(size=(4, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 2))],
        "bs": [rng.normal(size=3), rng.normal(size=3), rng.normal(size=2)],
    }}

def forward(x, y, Ws, bs):
    acts = [x]
    a = x
    for W, b in zip(Ws, bs):
        z = a @ W + b
        a = 1 / (1 + np.exp(-z))
        acts.append(a)
    loss = 0.5 * ((a - y) ** 2).sum()
    return loss

def backward(x, y, Ws, bs, acts):
    {w}, {b} = [], []
    delta = acts[-1] - y
    for W, a_in, a_out in zip(reversed(Ws), reversed(acts[:-1]), reversed(acts[1:])):
        delta = delta * a_out * (1 - a_out)
        {w}.insert(0, a_in.T @ delta)
        {b}.insert(0, delta.sum(0))
        delta = delta @ W.T
    return {w}, {b}
"""


@pytest.mark.parametrize(
    ("data", "w", "b"),
    [
        ('data = ("x", "y")', "dWs", "dbs"),
        ('data = ("x", "y")', "gW", "gb"),
        ('data = ("x", "y")', "nabla_w", "nabla_b"),
    ],
)
def test_lists_are_inputs_too(data: str, w: str, b: str, tmp_path: Path) -> None:
    text = LISTS.format(data=data, w=w, b=b)
    report = report_on(text, tmp_path)
    assert report.ok
    assert {row.name for row in report.rows} == {
        f"{n}[{i}]" for n in ("Ws", "bs") for i in range(3)
    }
    wrong = report_on(text.replace("a_in.T @ delta", "a_in.T @ (2 * delta)"), tmp_path)
    assert set(wrong.roots) <= {"Ws[0]", "Ws[1]", "Ws[2]"} and wrong.roots


def test_lists_that_are_named_are_not_those_of_arrays(tmp_path: Path) -> None:
    """Where the data isn't told, its gradients are missing, and no more than that."""
    report = report_on(LISTS.format(data="", w="dWs", b="dbs"), tmp_path)
    assert {row.name for row in report.rows if not row.right} == {"x", "y"}
    assert {row.name for row in report.rows if row.right} == {
        f"{n}[{i}]" for n in ("Ws", "bs") for i in range(3)
    }
    assert not any("is not judged" in note for note in report.notes)


@pytest.mark.parametrize(
    "ends", ["dW1 / 2, dW2 / 2", "(dW1 / 2, dW2 / 2)", "[0.5 * dW1, dW2 * 0.5]"]
)
def test_what_is_made_of_a_gradient_as_it_is_returned_counts(ends: str, tmp_path: Path) -> None:
    text = FILE.replace("return [X.T @ ga, grad2]", f"dW1 = 2 * X.T @ ga\n    return {ends}")
    text = text.replace("grad2 = a.T @ g", "dW2 = 2 * a.T @ g")
    assert report_on(text, tmp_path).ok
    wrong = report_on(text.replace("dW2 = 2 * a.T", "dW2 = 3 * a.T"), tmp_path)
    assert wrong.roots == ("W2",)
