"""Functions that return a loss and its gradients: forward and backward are taken apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from byhand.checking.check import check
from byhand.program.problem import Problem
from byhand.sources.load import load, load_one

FORMS = Path(__file__).with_name("forms") / "losses.py"
TEXT = FORMS.read_text()
NAMES = ("softmax_loss", "svm_loss", "softmax_loss_vectorized", "svm_loss_naive")


@pytest.mark.parametrize("name", NAMES)
def test_right_ones(name: str) -> None:
    problem = load(f"{FORMS}:{name}")
    assert isinstance(problem, Problem)
    report = check(problem)
    assert report.ok, str(report)
    assert [row.name for row in report.rows] == ["W" if "W, X" in problem_text(name) else "x"]


def test_a_loss_over_time() -> None:
    problem = load(f"{FORMS}:masked_loss_over_time")
    assert isinstance(problem, Problem)
    report = check(problem)
    assert report.ok, str(report)
    assert any("x (2, 3, 4), y (2, 3) of integers below 4, mask (2, 3)" in n for n in report.notes)


def problem_text(name: str) -> str:
    return TEXT[TEXT.index(f"def {name}(") :].partition("\n")[0]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("softmax_loss", "dx /= N", "dx /= 1"),
        ("svm_loss", "dx[margins > 0] = 1", "dx[margins > 0] = 2"),
        ("softmax_loss_vectorized", "2 * reg * W", "reg * W"),
        ("masked_loss_over_time", "dflat *= counts[:, None]", "dflat *= 1"),
        ("masked_loss_over_time", "dflat /= N", "dflat /= T"),
    ],
)
def test_planted_mistakes(name: str, old: str, new: str, tmp_path: Path) -> None:
    file = tmp_path / "losses.py"
    start = TEXT.index(f"def {name}(")
    file.write_text(TEXT[:start] + TEXT[start:].replace(old, new, 1))
    problem = load(f"{file}:{name}")
    assert isinstance(problem, Problem)
    report = check(problem)
    assert report.roots
    line = TEXT[: TEXT.index(old, start)].count("\n") + 1
    assert any(abs((row.line or 0) - line) <= 3 for row in report.rows if row.name in report.roots)


OF_ONE_WORD = """
import numpy as np

def naive_softmax_loss_and_gradient(center, outside_idx, outside_vectors):
    scores = outside_vectors @ center
    scores = scores - np.max(scores)
    probs = np.exp(scores) / np.sum(np.exp(scores))
    loss = -np.log(probs[outside_idx])
    delta = probs.copy()
    delta[outside_idx] -= 1
    grad_center = outside_vectors.T @ delta
    grad_outside = np.outer(delta, center)
    return loss, grad_center, grad_outside
"""


@pytest.mark.parametrize(
    ("old", "new", "root"),
    [
        ("", "", None),
        ("outer(delta, center)", "outer(probs, center)", "outside_vectors"),
        ("vectors.T @ delta", "vectors.T @ probs", "center"),
    ],
)
def test_a_gradient_is_that_of_the_only_array_that_its_name_is_short_for(
    old: str, new: str, root: str | None, tmp_path: Path
) -> None:
    """`grad_outside` is that of the vectors, and not of the index; and one word alone, whose
    softmax is 1, shows nothing."""
    file = tmp_path / "words.py"
    file.write_text(OF_ONE_WORD.replace(old, new) if old else OF_ONE_WORD)
    report = check(load_one(file))
    assert report.roots == (() if root is None else (root,))
    assert {"center", "outside_vectors"} == {row.name for row in report.rows}


OF_ONE_INDEX = {
    "naive": """
import numpy as np

def naive_softmax_loss(center, idx, vectors):
    scores = np.dot(vectors, center)
    e = np.exp(scores - np.max(scores))
    y_hat = e / np.sum(e)
    loss = -np.log(y_hat[idx])
    y_hat[idx] -= 1
    grad_center = np.dot(vectors.T, y_hat)
    grad_vectors = np.dot(y_hat[:, None], center[None, :])
    return loss, grad_center, grad_vectors
""",
    "sampled": """
import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def neg_sampling_loss(center, idx, vectors, neg):
    u_o = vectors[idx]
    u_k = vectors[neg]
    p_o = sigmoid(u_o @ center)
    p_k = sigmoid(-u_k @ center)
    loss = -np.log(p_o) - np.sum(np.log(p_k))
    grad_center = (p_o - 1) * u_o + (1 - p_k) @ u_k
    grad_vectors = np.zeros_like(vectors)
    grad_vectors[idx] += (p_o - 1) * center
    np.add.at(grad_vectors, neg, (1 - p_k)[:, None] * center)
    return loss, grad_center, grad_vectors
""",
}


@pytest.mark.parametrize(
    ("text", "old", "new", "line", "code"),
    [
        ("naive", "", "", None, None),
        ("naive", "y_hat[idx] -= 1", "y_hat[idx] = 1", 9, None),
        ("naive", "np.dot(y_hat[:, None]", "np.dot(e[:, None]", 11, None),
        ("sampled", "", "", None, None),
        ("sampled", "(1 - p_k) @ u_k", "p_k @ u_k", 13, None),
        (
            "sampled",
            "np.add.at(grad_vectors, neg, (1 - p_k)[:, None] * center)",
            "grad_vectors[neg] += (1 - p_k)[:, None] * center",
            16,
            "scatter",
        ),
    ],
)
def test_a_loss_of_one_index_is_tried_on_one_index(
    text: str, old: str, new: str, line: int | None, code: str | None, tmp_path: Path
) -> None:
    """Whatever it is called: what rows are picked from has rows, and not the loss of several
    indices is asked for where forward is that of one."""
    file = tmp_path / "words.py"
    given = OF_ONE_INDEX[text]
    file.write_text(given.replace(old, new) if old else given)
    report = check(load_one(file))
    roots = [row for row in report.rows if row.name in report.roots]
    assert report.ok == (line is None)
    assert {row.line for row in roots} == ({line} if line else set())
    if code:
        assert [row.mistake.code for row in roots if row.mistake] == [code]


PICKED = """
import numpy as np

def loss_and_grad(center, idx, vectors):
    scores = vectors @ center
    probs = np.exp(scores - scores.max())
    probs /= probs.sum()
    loss = -np.log(probs[idx])
    dscores = probs.copy()
    dscores[idx] -= 1.0
    grad_center = vectors.T @ dscores
    grad_vectors = dscores.reshape(-1, 1) @ center.reshape(1, -1)
    return loss, grad_center, grad_vectors
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("", "", None),
        ("grad_vectors", "grad_outside", None),
        ("reshape(-1, 1) @ center.reshape(1, -1)", "reshape(-1, 1) * center.reshape(1, -1)", None),
        ("vectors.T @ dscores", "dscores.dot(vectors)", None),
        ("vectors.T @ dscores", "vectors @ dscores", 11),
        ("vectors.T @ dscores", "vectors.T @ probs", 11),
        ("dscores.reshape", "probs.reshape", 12),
        ("dscores[idx] -= 1.0", "dscores[idx] += 1.0", 10),
    ],
)
def test_what_picks_the_one_value_of_a_loss_is_a_number(
    old: str, new: str, line: int | None, tmp_path: Path
) -> None:
    """`loss = -np.log(probs[idx])` is of one class: with a row of them, forward would run only
    where vectors are a vector, which backward is right not to fit."""
    file = tmp_path / "words.py"
    file.write_text(PICKED.replace(old, new) if old else PICKED)
    problem = load_one(file)
    assert np.shape(problem.inputs()["idx"]) == ()
    assert np.ndim(problem.inputs()["vectors"]) == 2
    report = check(problem)
    assert [row.line for row in report.rows if row.name in report.roots] == ([line] if line else [])
    assert {"center", "vectors"} <= {row.name for row in report.rows}
