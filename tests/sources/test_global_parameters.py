"""A forward and a backward that read the parameters from the top of a notebook or a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import Problem
from byhand.sources.load import load

TOP = """
# %%
import numpy as np
rng = np.random.default_rng(0)
V, E, H, B = 27, 4, 6, 8
X = rng.integers(0, V, size=(40, 3))
Y = rng.integers(0, V, size=40)
# %%
C = rng.normal(size=(V, E))
W1 = rng.normal(size=(3 * E, H)) * 0.3
b1 = rng.normal(size=H) * 0.1
W2 = rng.normal(size=(H, V)) * 0.3
# %%
"""
FORWARD = """
def forward_pass(Xb{labels}):
    emb = C[Xb]
    flat = emb.reshape(emb.shape[0], -1)
    h = np.tanh(flat @ W1 + b1)
    logits = h @ W2
"""
SOFTMAX = """    e = np.exp(logits - logits.max(1, keepdims=True))
    probs = e / e.sum(1, keepdims=True)
"""
BACKWARD = """    dlogits = probs.copy()
    dlogits[np.arange(len(Yb)), Yb] -= 1
    dlogits /= len(Yb)
    dW2 = h.T @ dlogits
    dh = dlogits @ W2.T
    dpre = dh * (1 - h ** 2)
    dW1 = flat.T @ dpre
    db1 = dpre.sum(0)
    demb = (dpre @ W1.T).reshape(emb.shape)
    dC = np.zeros_like(C)
    np.add.at(dC, Xb, demb)
    return dC, dW1, db1, dW2
"""
WITH_LOSS = (
    TOP
    + FORWARD.format(labels=", Yb")
    + SOFTMAX
    + "    loss = -np.log(probs[np.arange(len(Yb)), Yb]).mean()\n"
    + "    return loss, (emb, flat, h, probs)\n# %%\n"
    + "def backward_pass(Xb, Yb, emb, flat, h, probs):\n"
    + BACKWARD
)
WITHOUT = (
    TOP
    + FORWARD.format(labels="")
    + "    return emb, flat, h, logits\n# %%\n"
    + "def backward_pass(Xb, Yb, emb, flat, h, logits):\n"
    + SOFTMAX
    + BACKWARD
)
USED = "# %%\nix = rng.integers(0, 40, size=B)\nXb, Yb = X[ix], Y[ix]\n"
RUNS = {
    "with its loss": WITH_LOSS,
    "with its loss, and used": WITH_LOSS
    + USED
    + "loss, kept = forward_pass(Xb, Yb)\nprint(backward_pass(Xb, Yb, *kept))\n",
    "without a loss": WITHOUT,
    "without a loss, and used": WITHOUT
    + USED
    + "emb, flat, h, logits = forward_pass(Xb)\n"
    + "print(backward_pass(Xb, Yb, emb, flat, h, logits))\n",
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(
    ("right", "wrong", "root"),
    [
        ("", "", None),
        ("(1 - h ** 2)", "(1 - h)", "b1"),
        ("dpre.sum(0)", "dpre.mean(0)", "b1"),
        ("np.add.at(dC, Xb, demb)", "dC[Xb] += demb", "C"),
        ("h.T @ dlogits", "2 * h.T @ dlogits", "W2"),
    ],
)
def test_they_are_inputs(
    run: str, right: str, wrong: str, root: str | None, tmp_path: Path
) -> None:
    text = RUNS[run]
    file = tmp_path / "net.py"
    file.write_text(text.replace(right, wrong) if right else text)
    found = load(file)
    assert isinstance(found, Problem)
    assert {"C", "W1", "b1", "W2"} <= {*found.inputs()}
    report = check(found)
    if root is None:
        assert report.ok
        return
    assert root in report.roots
    line = text[: text.index(right)].rpartition("# %%")[2].count("\n") + 1  # of its cell
    assert {row.line for row in report.rows if row.name in report.roots} == {line}
