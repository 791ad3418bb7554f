"""Gradients in a dict that backward returns are judged statement by statement."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

from sweeps import a_few

NET = """
import numpy as np
data = ("X",)

def inputs(rng, *, n=5, d=4, h=6, k=3):
    g = lambda *s: rng.normal(size=s) * 0.5
    return {"X": rng.normal(size=(n, d)), "y": rng.integers(0, k, n),
            "W1": g(d, h), "b1": g(h), "W2": g(h, k), "b2": g(k)}

def forward(X, y, W1, b1, W2, b2):
    reg = 0.05
    h1 = np.maximum(0, X @ W1 + b1)
    scores = h1 @ W2 + b2
    e = np.exp(scores - scores.max(1, keepdims=True))
    probs = e / e.sum(1, keepdims=True)
    loss = -np.log(probs[np.arange(len(y)), y]).mean() + reg * ((W1**2).sum() + (W2**2).sum())
    return loss

def backward(X, y, W1, W2, h1, probs, reg):
    dscores = probs.copy()
    dscores[np.arange(len(y)), y] -= 1
    dscores /= len(y)
    dh1 = dscores @ W2.T * (h1 > 0)
BODY
"""
FORMS = {
    "item by item": """
    grads = {}
    grads["W2"] = h1.T @ dscores + 2 * reg * W2
    grads["b2"] = dscores.sum(0)
    grads["b1"] = dh1.sum(0)
    grads["W1"] = X.T @ dh1
    grads["W1"] += 2 * reg * W1
    return grads""",
    "under the names of the gradients": """
    grads = dict()
    grads["dW2"] = h1.T @ dscores + 2 * reg * W2
    grads["db2"] = dscores.sum(0)
    grads["db1"] = dh1.sum(0)
    grads["dW1"] = X.T @ dh1
    grads["dW1"] += 2 * reg * W1
    return grads""",
    "from zeros": """
    grads = {"W1": np.zeros_like(W1), "W2": 2 * reg * W2, "b1": 0}
    grads["W2"] += h1.T @ dscores
    grads["b2"] = dscores.sum(0)
    grads["b1"] = dh1.sum(0)
    grads["W1"] += X.T @ dh1
    grads["W1"] += 2 * reg * W1
    return grads""",
    "locals of other names": """
    gW2 = h1.T @ dscores + 2 * reg * W2
    gb2, gb1 = dscores.sum(0), dh1.sum(0)
    gW1 = X.T @ dh1
    gW1 += 2 * reg * W1
    return {"W1": gW1, "W2": gW2, "b1": gb1, "b2": gb2}""",
    "one of them only sometimes": """
    grads = {}
    grads["W2"] = h1.T @ dscores + 2 * reg * W2
    if reg > 0:
        grads["b2"] = dscores.sum(0)
    grads["b1"] = dh1.sum(0)
    grads["W1"] = X.T @ dh1
    grads["W1"] += 2 * reg * W1
    return grads""",
    "a call of dict": """
    gW1 = X.T @ dh1
    gW1 += 2 * reg * W1
    return dict(W1=gW1, b1=dh1.sum(0), W2=h1.T @ dscores + 2 * reg * W2, b2=dscores.sum(0))""",
    "a dict and more": """
    grads = dict(W2=h1.T @ dscores + 2 * reg * W2, W1=0.0)
    grads["W1"] += X.T @ dh1
    grads["W1"] += 2 * reg * W1
    return {**grads, "b1": dh1.sum(0), "b2": dscores.sum(0)}""",
    "a union": """
    grads = dict(zip(("W2", "b2"), [h1.T @ dscores + 2 * reg * W2, dscores.sum(0)]))
    dW1 = X.T @ dh1
    dW1 += 2 * reg * W1
    return grads | dict(b1=dh1.sum(0), W1=dW1)""",
    "from keys": """
    grads = dict.fromkeys(("W1", "b1", "W2", "b2"), 0.0)
    grads["W2"] += h1.T @ dscores + 2 * reg * W2
    grads["b2"] += dscores.sum(0)
    grads["b1"] += dh1.sum(0)
    grads["W1"] += X.T @ dh1
    grads["W1"] += 2 * reg * W1
    return grads""",
    "a dict that a function looks at": """
    grads = {}
    grads["W2"] = h1.T @ dscores + 2 * reg * W2
    grads["b2"] = dscores.sum(0)
    grads["b1"] = dh1.sum(0)
    grads["W1"] = X.T @ dh1
    grads["W1"] += 2 * reg * W1
    assert len(grads) == 4
    return grads""",
}
PLAIN = [name for name in FORMS if "function" not in name]


def source(form: str, old: str = "", new: str = "") -> str:
    body = FORMS[form]
    assert old in body
    return NET.replace("BODY", body.replace(old, new))


@pytest.mark.parametrize("form", FORMS)
def test_a_right_one(checked: Checked, form: str) -> None:
    report = checked(source(form))
    assert_right(report)
    assert {"W1", "b1", "W2", "b2"} <= {row.name for row in report.rows}


@pytest.mark.parametrize("form", a_few(PLAIN))
@pytest.mark.parametrize(
    ("old", "new", "root", "code"),
    [
        ("+= 2 * reg * W1", "+= reg * W1", "W1", "factor"),
        ("X.T @ dh1", "-X.T @ dh1", "W1", "sign"),
        ("dh1.sum(0)", "dh1.mean(0)", "b1", "mean-for-sum"),
    ],
)
def test_of_a_wrong_one_the_line_and_the_mistake(
    checked: Checked, form: str, old: str, new: str, root: str, code: str
) -> None:
    report = checked(source(form, old, new))
    assert report.roots == (root,)
    row = next(row for row in report.rows if row.name == root)
    assert row.mistake is not None and row.mistake.code == code
    assert row.line is not None


def test_what_is_not_plain_is_judged_by_what_it_holds(checked: Checked) -> None:
    report = checked(source("a dict that a function looks at", "dh1.sum(0)", "dh1.mean(0)"))
    assert report.roots == ("b1",)


def test_messages_speak_of_the_item(checked: Checked) -> None:
    old, new = "+= 2 * reg * W1", "+= W1 * grads['W1']"
    report = checked(source("item by item", old, new))
    row = next(row for row in report.rows if row.name == "W1")
    assert row.mistake is not None and "dW1" not in row.mistake.message


def test_an_input_that_forward_binds_again(checked: Checked) -> None:
    source = """
import numpy as np

def inputs(rng, *, n=5, d=3):
    return {"X": rng.normal(size=(n, d)), "w": rng.normal(size=d)}

data = ("X",)

def forward(X, w):
    for _ in range(3):
        w = w - 0.1 * X.T @ (X @ w)
    loss = (w**2).sum()
    return loss

def backward(X, w):
    g = 2 * w
    for _ in range(3):
        g = g - 0.1 * X.T @ (X @ g)
    return {"w": g}
"""
    assert_right(checked(source))
    assert checked(source.replace("g = 2 * w", "g = w")).roots == ("w",)
