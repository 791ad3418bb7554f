"""Losses of a vector that all parameters are unrolled in, as optimizers want them. Right ones give
no alarm, by finite differences too; mistakes are found in their line, also in the order of the
parts."""

from __future__ import annotations

import ast
import itertools
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exchanged import assert_blamed, exchanged
from hypothesis import given, settings
from hypothesis import strategies as st

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.program.problem import Problem
from byhand.sources.load import load
from byhand.sources.unrolled import length_in, sizes_in, vector_of
from sweeps import a_few

UNROLLED = Path(__file__).with_name("forms") / "unrolled"
FOUND = {
    "autoencoder": ("autoencoder_cost", ["W1", "W2", "b1", "b2", "theta"]),
    "cost_of_thetas": ("nnCost", ["Theta1", "Theta2", "nn_params"]),
    "offsets": ("forward_backward", ["W2", "W1", "params"]),
    "one_matrix": ("softmax_cost", ["theta", "theta"]),
    "unpacked_by_a_helper": (
        "loss_and_grad",
        ["out", "W2", "b2", "hidden", "W1", "b1", "params"],
    ),
}
"""The problem of each file, and the gradients that are judged."""


def read(file: Path) -> Problem:
    found = load(file)
    assert isinstance(found, Problem)
    return found


@cache
def right(name: str) -> Report:
    return check(read(UNROLLED / f"{name}.py"))


def test_every_file_is_here() -> None:
    assert {file.stem for file in UNROLLED.glob("*.py")} == {*FOUND}


@pytest.mark.parametrize("name", FOUND)
def test_right_ones(name: str) -> None:
    report = right(name)
    assert report.ok, str(report)
    assert (read(UNROLLED / f"{name}.py").name, [row.name for row in report.rows]) == FOUND[name]
    assert not any("is not judged" in note for note in report.notes)


@pytest.mark.parametrize("name", FOUND)
def test_right_ones_by_finite_differences(name: str) -> None:
    report = check(read(UNROLLED / f"{name}.py"), referee="finite")
    assert report.ok, str(report)


PLANTED = (
    ("autoencoder", "delta2.dot(data.T) / m", "delta2.dot(data.T)"),
    ("autoencoder", "/ m + lambda_ * W1", "/ m + 2 * lambda_ * W1"),
    ("autoencoder", "b2grad = np.sum(delta3, axis=1) / m", "b2grad = np.sum(delta3, axis=1)"),
    ("autoencoder", "b1grad, b2grad))", "b2grad, b1grad))"),
    ("cost_of_thetas", "delta_3.dot(Theta2)[:, 1:]", "delta_3.dot(Theta2)[:, :-1]"),
    ("cost_of_thetas", "(lambda_ / m) * Theta1[:, 1:]", "lambda_ * Theta1[:, 1:]"),
    ("cost_of_thetas", 'Theta2_grad.ravel(order="F")', "Theta2_grad.ravel()"),
    ("offsets", "np.dot(h.T, d_scores)", "np.dot(h.T, yhat)"),
    ("offsets", "np.dot(data.T, d_hidden)", "np.dot(data.T, d_hidden) / len(data)"),
    ("offsets", "(gradW1.ravel(), gradb1", "(gradW1.T.ravel(), gradb1"),
    ("one_matrix", "-(truth - probs)", "(truth - probs)"),
    ("one_matrix", "dot(data.T) / m", "dot(data.T)"),
    ("one_matrix", "+ weight_decay * theta", "+ weight_decay * theta / 2"),
    ("unpacked_by_a_helper", "(1 - hidden**2)", "(1 - hidden)"),
    ("unpacked_by_a_helper", "2 * (out - t) / N", "(out - t) / N"),
    ("unpacked_by_a_helper", "pack(dW1, db1, dW2", "pack(dW2, db1, dW1"),
)
"""File, the text to exchange, and the wrong one."""


@pytest.mark.parametrize(("name", "old", "new"), a_few(PLANTED))
def test_mistakes(name: str, old: str, new: str, tmp_path: Path) -> None:
    file, line = exchanged(UNROLLED / f"{name}.py", old, new, tmp_path)
    assert_blamed(file, FOUND[name][0], line)


def test_a_helper_that_takes_a_vector_apart_is_no_loss() -> None:
    assert read(UNROLLED / "unpacked_by_a_helper.py").name == "loss_and_grad"


@given(sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5), last=st.booleans())
@settings(deadline=None)
def test_a_vector_is_as_long_as_its_layers(sizes: list[int], last: bool) -> None:
    """Of any number of layers; the last part with an end, or as what is left."""
    inner = [*itertools.pairwise(sizes)]
    lines, start = list[str](), 0
    for i, (one, other) in enumerate(inner):
        end = "" if last and i == len(inner) - 1 else start + one * other
        lines.append(f"    W{i} = p[{start}:{end}].reshape(n[{i}], n[{i + 1}])")
        start += one * other
    text = "\n".join(["def f(p, n):", *lines, f"    return {' @ '.join(_names(inner))}"])
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    assert vector_of(function) == "p"
    assert sizes_in(function, "p")["n"] >= len(sizes)
    space: dict[str, Any] = {}
    exec(text, space)
    length = length_in("p", lambda given: space["f"](**given))({"n": sizes})
    assert length == sum(one * other for one, other in inner)
    assert np.shape(space["f"](np.zeros(length), sizes)) == (sizes[0], sizes[-1])


def _names(inner: list[tuple[int, int]]) -> list[str]:
    return [f"W{i}" for i in range(len(inner))]
