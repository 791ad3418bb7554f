"""Parameters in a dict: their gradients come back by their keys, in whatever style."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

SOURCE = """
import numpy as np

data = ("X", "Y")

def inputs(rng, *, n=4, d=3, c=2):
    params = {"W": rng.normal(size=(d, c)), "b": rng.normal(size=c)}
    return {"params": params, "X": rng.normal(size=(n, d)), "Y": rng.normal(size=(n, c))}

def forward(params, X, Y):
    READ
    p = X @ W + b
    loss = ((p - Y) ** 2).mean()
    return loss

def backward(params, X, Y, p):
    dp = 2 * (p - Y) / p.size
    RETURNED
"""
UNPACKED = 'W, b = params["W"], params["b"]'
READ = {
    "by key": ("p = X @ W + b", 'p = X @ params["W"] + params["b"]'),
    "unpacked": ("READ", UNPACKED),
    "one by one": ("READ", 'W = params["W"]\n    b = params["b"]'),
}
RETURNED = {
    "locals": 'dW = X.T @ dp\n    db = dp.sum(0)\n    return {"W": dW, "b": db}',
    "locals by d": 'dW = X.T @ dp\n    db = dp.sum(0)\n    return {"dW": dW, "db": db}',
    "other locals": 'g = X.T @ dp\n    h = dp.sum(0)\n    return {"W": g, "b": h}',
    "expressions": 'return {\n        "W": X.T @ dp,\n        "b": dp.sum(0),\n    }',
    "filled": 'grads = {}\n    grads["W"] = X.T @ dp\n    grads["b"] = dp.sum(0)\n    return grads',
    "filled by d": (
        'grads = {}\n    grads["dW"] = X.T @ dp\n    grads["db"] = dp.sum(0)\n    return grads'
    ),
    "written": 'grads = {"W": X.T @ dp, "b": dp.sum(0)}\n    return grads',
    "added up": (
        "grads = {k: np.zeros_like(v) for k, v in params.items()}\n"
        '    grads["W"] += X.T @ dp\n    grads["b"] += dp.sum(0)\n    return grads'
    ),
    "called like it": (
        'dparams = {}\n    dparams["W"] = X.T @ dp\n    dparams["b"] = dp.sum(0)\n'
        "    return dparams"
    ),
    "within": 'return {"params": {"W": X.T @ dp, "b": dp.sum(0)}}',
}


def _source(read: str, returned: str) -> str:
    source = SOURCE.replace(*READ[read]).replace("    READ\n", "")
    return source.replace("RETURNED", RETURNED[returned])


@pytest.mark.parametrize("returned", RETURNED)
@pytest.mark.parametrize("read", READ)
def test_right(checked: Checked, read: str, returned: str) -> None:
    report = checked(_source(read, returned))
    assert_right(report)
    assert not report.notes
    right = _source(read, returned)
    wrong = checked(right.replace("X.T @ dp", "-X.T @ dp"))
    (root,) = (row for row in wrong.rows if row.name in wrong.roots)
    assert root.name in ("W", 'params["W"]')
    if read != "by key" and returned == "added up":
        return  # which item is filled where isn't known of a dict with computed keys
    assert root.mistake is not None
    assert root.mistake.code == "sign"
    assert root.line is not None
    assert "X.T @ dp" in right.splitlines()[root.line - 1]


@pytest.mark.parametrize("left_out", ["W", "b"])
def test_one_that_is_left_out_is_missing(checked: Checked, left_out: str) -> None:
    other = {"W": '"b": dp.sum(0)', "b": '"W": X.T @ dp'}[left_out]
    source = _source("by key", "expressions")
    head = source[: source.index("return {\n")]
    report = checked(f"{head}return {{{other}}}\n")
    missing = [row.name for row in report.rows if row.verdict == "missing"]
    assert missing == [f'params["{left_out}"]']


def test_what_is_used_elsewhere_too_has_another_gradient(checked: Checked) -> None:
    """W is then but one of two ways to it."""
    source = _source("unpacked", "locals").replace(".mean()\n", '.mean() + params["W"].sum()\n')
    report = checked(source)
    assert [row.name for row in report.rows if not row.right] == ['params["W"]']


NESTED = """
import numpy as np

data = ("X", "Y")

def inputs(rng, *, n=4, d=3, h=5, c=2):
    first = {"W": rng.normal(size=(d, h)), "b": rng.normal(size=h)}
    last = {"W": rng.normal(size=(h, c)), "b": rng.normal(size=c)}
    model = {"first": first, "last": last}
    return {"model": model, "X": rng.normal(size=(n, d)), "Y": rng.normal(size=(n, c))}

def forward(model, X, Y):
    a = np.tanh(X @ model["first"]["W"] + model["first"]["b"])
    p = a @ model["last"]["W"] + model["last"]["b"]
    loss = ((p - Y) ** 2).mean()
    return loss

def backward(model, X, Y, a, p):
    dp = 2 * (p - Y) / p.size
    dz = dp @ model["last"]["W"].T * (1 - a**2)
    last = {"W": a.T @ dp, "b": dp.sum(0)}
    return {"last": last, "first": {"W": X.T @ dz, "b": dz.sum(0)}}
"""


def test_nested_ones(checked: Checked) -> None:
    report = checked(NESTED)
    assert_right(report)
    assert len(report.rows) == 5
    wrong = checked(NESTED.replace("a.T @ dp", "2 * a.T @ dp"))
    assert wrong.roots == ('model["last"]["W"]',)
    wrong = checked(NESTED.replace("(1 - a**2)", "(1 - a)"))
    assert not {row.name for row in wrong.rows if row.right} & {'model["first"]["W"]'}


LAYERS = """
import numpy as np

data = ("X", "Y")

def inputs(rng, *, m=5, d=4, h=3):
    sizes, parameters = [d, h, h, 1], {}
    for l in range(1, len(sizes)):
        parameters["W" + str(l)] = rng.normal(size=(sizes[l], sizes[l - 1])) / 2
        parameters["b" + str(l)] = np.zeros((sizes[l], 1))
    return {"X": rng.normal(size=(d, m)), "Y": rng.integers(0, 2, (1, m)).astype(float),
            "parameters": parameters}

def forward(X, Y, parameters):
    L = len(parameters) // 2
    A, caches = X, []
    for l in range(1, L + 1):
        Z = parameters["W" + str(l)] @ A + parameters["b" + str(l)]
        caches.append((A, Z))
        A = np.maximum(Z, 0) if l < L else 1 / (1 + np.exp(-Z))
    AL = A * 1
    m = Y.shape[1]
    cost = -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m
    return cost

def backward(Y, parameters, caches, AL, m, L):
    grads = {}
    dAL = -(Y / AL - (1 - Y) / (1 - AL))
    g = dAL * AL * (1 - AL)
    for l in reversed(range(1, L + 1)):
        A, Z = caches[l - 1]
        if l < L:
            g = g * (Z > 0)
        grads["dW" + str(l)] = g @ A.T / m
        grads["db" + str(l)] = g.sum(1, keepdims=True) / m
        g = parameters["W" + str(l)].T @ g
    return grads
"""


def test_keys_that_forward_makes(checked: Checked) -> None:
    """Nothing says in forward's text which keys there are; and that dAL is m times its gradient is
    a note, though what reads it isn't known line by line."""
    report = checked(LAYERS)
    assert_right(report)
    layers = {f'parameters["{kind}{layer}"]' for kind in "Wb" for layer in (1, 2, 3)}
    assert {*layers, "AL"} == {row.name for row in report.rows}
    assert any(note.startswith("dAL: 5 times the gradient") for note in report.notes)


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("keepdims=True) / m\n", "keepdims=True)\n", {"b1", "b2", "b3"}),
        ("(Z > 0)", "(Z > 0.3)", {"W1", "b1", "W2", "b2"}),
        ("g @ A.T / m", "g @ A.T / m * (1 + (l == 2))", {"W2"}),
    ],
)
def test_a_mistake_under_keys_that_forward_makes(
    checked: Checked, old: str, new: str, wrong: set[str]
) -> None:
    report = checked(LAYERS.replace(old, new))
    assert {*report.roots} == {f'parameters["{name}"]' for name in wrong}
