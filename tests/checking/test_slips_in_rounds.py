"""One slip in a local that a loop of backward makes anew in each round, under a name that is no
gradient's: `delta`, as textbooks have it. It is said in its own line."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

ZIPPED = """
import numpy as np

data = ("x", "y")

def inputs(rng):
    n = [4, 3, 3, 2]
    return {
        "x": rng.normal(size=(5, 4)), "y": rng.uniform(0.1, 0.9, size=(5, 2)),
        "Ws": [rng.normal(size=each) for each in zip(n, n[1:])],
        "bs": [rng.normal(size=each) for each in n[1:]],
    }

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
    dWs, dbs = [], []
    delta = acts[-1] - y
    for W, a_in, a_out in zip(reversed(Ws), reversed(acts[:-1]), reversed(acts[1:])):
        delta = delta * a_out * (1 - a_out)
        dWs.insert(0, a_in.T @ delta)
        dbs.insert(0, delta.sum(0))
        delta = delta @ W.T
    return dWs, dbs
"""
UNNAMED = ZIPPED.replace(
    "        z = a @ W + b\n        a = 1 / (1 + np.exp(-z))\n",
    "        a = 1 / (1 + np.exp(-(a @ W + b)))\n",
)
COLUMNS = """
import numpy as np

data = ("x", "y")

def inputs(rng):
    n = [4, 3, 3, 2]
    return {
        "x": rng.normal(size=(4, 5)), "y": rng.uniform(0.1, 0.9, size=(2, 5)),
        "weights": [rng.normal(size=each) for each in zip(n[1:], n)],
        "biases": [rng.normal(size=(each, 1)) for each in n[1:]],
    }

def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def forward(x, y, weights, biases):
    activation = x
    activations = [x]
    zs = []
    for b, w in zip(biases, weights):
        z = np.dot(w, activation) + b
        zs.append(z)
        activation = sigmoid(z)
        activations.append(activation)
    loss = 0.5 * np.sum((activations[-1] - y) ** 2) / y.shape[1]
    return loss

def backward(x, y, weights, biases, zs, activations):
    dbiases = [np.zeros(b.shape) for b in biases]
    dweights = [np.zeros(w.shape) for w in weights]
    out = activations[-1]
    delta = (out - y) / y.shape[1] * out * (1 - out)
    dbiases[-1] = delta.sum(axis=1, keepdims=True)
    dweights[-1] = np.dot(delta, activations[-2].T)
    for l in range(2, 4):
        sp = activations[-l] * (1 - activations[-l])
        delta = np.dot(weights[-l + 1].T, delta) * sp
        dbiases[-l] = delta.sum(axis=1, keepdims=True)
        dweights[-l] = np.dot(delta, activations[-l - 1].T)
    return dweights, dbiases
"""
CACHED = """
import numpy as np

data = ("X", "Y")

def inputs(rng):
    params, n = {}, [4, 3, 3, 2]
    for l in range(1, 4):
        params["W%d" % l] = rng.normal(size=(n[l], n[l - 1]))
        params["b%d" % l] = rng.normal(size=(n[l], 1))
    return {"X": rng.normal(size=(4, 5)), "Y": rng.normal(size=(2, 5)), "params": params}

def forward(X, Y, params):
    cache = {"A0": X}
    for l in range(1, 4):
        cache["Z%d" % l] = params["W%d" % l] @ cache["A%d" % (l - 1)] + params["b%d" % l]
        cache["A%d" % l] = np.tanh(cache["Z%d" % l])
    loss = np.sum((cache["A3"] - Y) ** 2) / (2 * Y.shape[1])
    return loss

def backward(X, Y, params, cache):
    m = Y.shape[1]
    grads = {}
    d = (cache["A3"] - Y) / m
    for l in (3, 2, 1):
        d = d * (1 - cache["A%d" % l] ** 2)
        grads["W%d" % l] = d @ cache["A%d" % (l - 1)].T
        grads["b%d" % l] = d.sum(axis=1, keepdims=True)
        d = params["W%d" % l].T @ d
    return {"params": grads}
"""
SOURCES = {"zipped": ZIPPED, "unnamed": UNNAMED, "columns": COLUMNS, "cached": CACHED}
PLAIN = "delta * a_out * (1 - a_out)"
SLIPS = [
    ("zipped", PLAIN, "delta * (1 - a_out)"),
    ("zipped", PLAIN, "delta * a_out"),
    ("zipped", PLAIN, "delta * a_out * (1 + a_out)"),
    ("zipped", PLAIN, "delta * (1 - a_out ** 2)"),
    ("zipped", PLAIN, "delta * a_in.shape[1] * a_out * (1 - a_out)"),
    ("zipped", "delta @ W.T", "delta @ W.T * 0.5"),
    ("zipped", "acts[-1] - y", "y - acts[-1]"),
    ("unnamed", PLAIN, "delta * (1 - a_out)"),
    ("unnamed", PLAIN, "delta * (1 - a_out ** 2)"),
    ("columns", "delta) * sp", "delta)"),
    ("columns", "delta) * sp", "delta) + sp"),
    ("columns", "delta) * sp", "delta) * sp * 2"),
    ("cached", '1 - cache["A%d" % l] ** 2', '1 - cache["A%d" % l]'),
    ("cached", '1 - cache["A%d" % l] ** 2', '1 - cache["Z%d" % l] ** 2'),
    ("cached", '1 - cache["A%d" % l] ** 2', '1 - cache["A%d" % (l - 1)].mean() ** 2'),
    ("cached", 'params["W%d" % l].T @ d', 'params["W%d" % l].T @ d / m'),
]


@pytest.mark.parametrize("name", SOURCES)
def test_right(checked: Checked, name: str) -> None:
    assert_right(checked(SOURCES[name]))


@pytest.mark.parametrize(("name", "right", "wrong"), SLIPS)
def test_its_line(checked: Checked, name: str, right: str, wrong: str) -> None:
    source = SOURCES[name]
    assert source.count(right) == 1
    report = checked(source.replace(right, wrong))
    line = source[: source.index(right)].count("\n") + 1
    assert report.roots
    assert {row.line for row in report.rows if row.mistake is not None} == {line}


def test_which_value_it_should_be_of_is_said(checked: Checked) -> None:
    report = checked(ZIPPED.replace(PLAIN, "delta * (1 - a_out)"))
    said = {row.mistake.message for row in report.rows if row.mistake is not None}
    assert said == {"what reads `delta` would be right if it were the gradient of z"}
