"""Dicts of parameters and of gradients: each is judged by its own name, in its own line."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import Problem
from byhand.sources.load import load
from sweeps import a_few

FILE = Path(__file__).with_name("forms") / "parameter_dicts.py"
TEXT = FILE.read_text()
ANSWERS = {
    "net": {"W1", "b1", "W2", "b2"},
    "propagation": {"W1", "b1", "W2", "b2"},
    "deep": {"W1", "b1", "W2", "b2"},
    "both": {"x", "scale"},
    "nested": {"layer1_W", "layer1_b", "layer2_W", "layer2_b"},
    "whole": {"x", "in_W", "out_W"},
    "parts": {"proj_W", "proj_b"},
}


@pytest.mark.parametrize("name", a_few(ANSWERS))
def test_right_ones(name: str) -> None:
    problem = load(f"{FILE}:{name}")
    assert isinstance(problem, Problem)
    report = check(problem)
    assert report.ok, str(report)
    assert ANSWERS[name] <= {row.name for row in report.rows}


@pytest.mark.parametrize(
    ("name", "old", "new", "wrong"),
    a_few(
        [
            ("net", 'grads["W2"] = cache["A1"].T @ dZ2', 'grads["W2"] = cache["Z1"].T @ dZ2', "W2"),
            ("net", 'grads["b1"] = dZ1.sum(axis=0)', 'grads["b1"] = dZ1.sum(axis=0) / m', "b1"),
            ("net", '(1 - cache["A1"] ** 2)', '(1 - cache["A1"])', "Z1"),
            ("propagation", "dW1 = np.dot(dZ1, X.T)", "dW1 = np.dot(dZ1, X.T) * 2", "W1"),
            ("propagation", '"db2": db2}', '"db2": db2 * 2}', "b2"),
            ("both", "return dout * p[", "return -dout * p[", "x"),
            ("nested", '["W"] = x.T @ dz', '["W"] = x.T @ dh', "layer1_W"),
            ("nested", '["b"] = dout.sum(axis=0)', '["b"] = dout.mean(axis=0)', "layer2_b"),
            ("whole", '"in": {"dW": x.T @ dh}', '"in": {"dW": -x.T @ dh}', "in_W"),
            ("parts", '"b": dout.sum(axis=0)}', '"b": dout.sum(axis=0) * 2}', "proj_b"),
        ]
    ),
)
def test_planted_mistakes(name: str, old: str, new: str, wrong: str, tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text(TEXT.replace(old, new, 1))
    problem = load(f"{file}:{name}")
    assert isinstance(problem, Problem)
    report = check(problem)
    assert wrong in report.roots, str(report)
    assert report[wrong].line == TEXT[: TEXT.index(old)].count("\n") + 1, str(report)


def test_keys_that_are_computed(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text(TEXT.replace('"dW" + str(l)] = A.T @ dZ', '"dW" + str(l)] = A.T @ dZ / 3', 1))
    problem = load(f"{file}:deep")
    assert isinstance(problem, Problem)
    assert {"W1", "W2"} <= {row.name for row in check(problem).rows if not row.right}


def test_twice_is_no_sum_over_two_rows(tmp_path: Path) -> None:
    """Loops over layers are no loops over elements: there are more rows than two, and other
    numbers of them."""
    file = tmp_path / "layers.py"
    file.write_text(
        "import numpy as np\n"
        "def forward(params, X, Y):\n    a = X\n    for p in params:\n"
        "        a = np.tanh(a @ p['W'] + p['b'])\n    return 0.5 * ((a - Y) ** 2).mean()\n"
        "def backward(params, X, Y):\n    acts = [X]\n    for p in params:\n"
        "        acts.append(np.tanh(acts[-1] @ p['W'] + p['b']))\n"
        "    d, grads = (acts[-1] - Y) / Y.size, []\n    for i in reversed(range(len(params))):\n"
        "        dz = d * (1 - acts[i + 1] ** 2)\n        d = dz @ params[i]['W'].T\n"
        "        grads.insert(0, {'W': acts[i].T @ dz, 'b': 2 * dz.sum(0)})\n    return grads\n"
    )
    problem = load(file)
    assert isinstance(problem, Problem)
    report = check(problem)
    assert {*report.roots} == {"b0", "b1", "b2"}
    mistakes = [report[name].mistake for name in report.roots]
    assert {each.code for each in mistakes if each is not None} == {"factor"}
