"""What raises in a backward that another calls is said in its own line: what only waits for it
isn't to blame, and what doesn't need it is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import Problem
from byhand.sources.load import load

NET = """
import numpy as np

def affine_forward(x, w, b):
    return x @ w + b, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db

class Net:
    def loss(self, X, y):
        a, one = affine_forward(X, self.params["W1"], self.params["b1"])
        h = np.maximum(0, a)
        scores, two = affine_forward(h, self.params["W2"], self.params["b2"])
        e = np.exp(scores - scores.max(1, keepdims=True))
        probs = e / e.sum(1, keepdims=True)
        loss = -np.log(probs[np.arange(len(y)), y]).mean()
        dscores = probs.copy()
        dscores[np.arange(len(y)), y] -= 1
        dscores /= len(y)
        grads = {}
        dh, grads["W2"], grads["b2"] = affine_backward(dscores, two)
        da = dh * (a > 0)
        dx, grads["W1"], grads["b1"] = affine_backward(da, one)
        return loss, grads
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "roots"),
    [
        ("", "", None, ()),
        ("x.T @ dout", "x @ dout", 10, ("W2", "W1")),
        ("sum(axis=0)", "sum(axis=4)", 11, ("b2", "b1")),
        ("dout @ w.T", "dout @ v.T", 9, ("h",)),
    ],
)
def test_what_raises_is_said_in_its_line(
    old: str, new: str, line: int | None, roots: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "net.py"
    file.write_text(NET.replace(old, new) if old else NET)
    found = load(f"{file}:Net")
    assert isinstance(found, Problem)
    report = check(found)
    wrong = {row.name: row.line for row in report.rows if not row.right}
    assert report.roots == roots
    assert wrong == dict.fromkeys(roots, line)
    assert not any("KeyError" in (row.note or "") for row in report.rows)
    assert not any("in a real run" in note for note in report.notes)


def test_what_waits_for_an_item_of_a_dict_is_not_to_blame(tmp_path: Path) -> None:
    """Where two gradients are put into a dict at once, the other one waits."""
    file = tmp_path / "both.py"
    file.write_text(
        "import numpy as np\n\n"
        "def affine_forward(x, w, b):\n    return x @ w + b, (x, w, b)\n\n"
        "def affine_backward(dout, cache):\n    x, w, b = cache\n    grads = {}\n"
        '    grads["w"], grads["b"] = x @ dout, dout.sum(0)\n'
        '    dw = grads["w"]\n    db = grads["b"]\n'
        "    return dout @ w.T, dw, db\n"
    )
    found = load(file)
    assert isinstance(found, Problem)
    rows = {row.name: row for row in check(found).rows}
    assert [rows[name].line for name in rows if rows[name].verdict == "error"] == [9]
    assert rows["b"].verdict == "inherited"
    assert "KeyError" not in (rows["w"].note or "")
