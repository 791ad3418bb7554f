"""A convention that is kept: gradients of the sum on the way to gradients of the mean."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

NET = """
import numpy as np
data = ("X", "Y")

def inputs(rng, *, m=6, d=4, h=5, k=3):
    return {"X": rng.normal(size=(d, m)), "Y": np.eye(k)[:, rng.integers(0, k, m)],
            "W1": rng.normal(size=(h, d)), "b1": np.zeros((h, 1)),
            "W2": rng.normal(size=(k, h)), "b2": np.zeros((k, 1))}

def forward(X, Y, W1, b1, W2, b2):
    m = X.shape[1]
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    E = np.exp(Z2 - Z2.max(0, keepdims=True))
    A2 = E / E.sum(0, keepdims=True)
    loss = -(Y * np.log(A2)).sum() / m
    return loss

def backward(X, Y, A1, A2, W2, m):
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    db2 = dZ2.sum(1, keepdims=True) / m
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * (1 - A1**2)
    dW1 = dZ1 @ X.T / m
    db1 = dZ1.sum(1, keepdims=True) / m
"""


def test_it_is_a_note(checked: Checked) -> None:
    report = checked(NET)
    assert_right(report)
    (note,) = (note for note in report.notes if "times the gradient" in note)
    assert note.startswith("dA1, dZ1, dZ2: 6 times the gradient (m = 6)")


def test_the_other_way_round(checked: Checked) -> None:
    """A gradient divided too early, and multiplied where it is used."""
    source = NET.replace("sum() / m\n", "sum()\n").replace(" / m\n", " * m\n")
    source = source.replace("dZ2 = A2 - Y", "dZ2 = (A2 - Y) / m")
    report = checked(source)
    assert_right(report)
    assert any("divided by" in note for note in report.notes)


@pytest.mark.parametrize(
    ("old", "new", "root"),
    [
        ("dZ2 @ A1.T / m", "dZ2 @ A1.T", "W2"),
        ("dA1 * (1 - A1**2)", "dA1 * (1 - A1)", "Z1"),
        ("dA1 * (1 - A1**2)", "dA1 * (1 - A1**2) / m", "Z1"),
        ("W2.T @ dZ2", "-W2.T @ dZ2", "A1"),
        ("dZ1.sum(1, keepdims=True) / m", "dZ1.sum(1) / m", "b1"),
        ("dZ1 @ X.T / m", "dZ1 @ X.T / len(X)", "W1"),
    ],
)
def test_a_mistake_in_it_is_the_only_root(checked: Checked, old: str, new: str, root: str) -> None:
    report = checked(NET.replace(old, new))
    assert report.roots == (root,)


def test_a_mean_forgotten_altogether_is_no_convention(checked: Checked) -> None:
    report = checked(NET.replace("T / m\n", "T\n").replace("True) / m\n", "True)\n"))
    assert report.roots == ("Z2",)
    mistake = report["Z2"].mistake
    assert mistake is not None and mistake.code == "unnormalised"


def test_a_constant_is_no_size(checked: Checked) -> None:
    source = NET.replace("dZ2 = A2 - Y", "dZ2 = 2 * (A2 - Y) / m").replace(
        " / m\n    db", " / 2\n    db"
    )
    source = source.replace("True) / m", "True) / 2").replace("X.T / m", "X.T / 2")
    report = checked(source)
    assert not report.ok
