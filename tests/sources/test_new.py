"""`byhand new`, and what is said of a file that has no form of a problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.errors import ProblemError
from byhand.sources.load import load
from forked import run as byhand


def test_with_the_statements_of_a_file(tmp_path: Path) -> None:
    file, out = tmp_path / "mine.py", tmp_path / "mine_problem.py"
    file.write_text("import numpy as np\n\ndef act(z):\n    return np.tanh(z)\n\n"
                    "h = act(x * w)\nloss = h.sum()\n")  # fmt: skip
    done = byhand("new", str(file))
    assert done.returncode == 0
    assert str(out) in done.stdout
    text = out.read_text()
    for line in ("def act(z):", "def forward(w, x):", "    h = act(x * w)", "    return loss"):
        assert line in text
    text = text.replace("dw = ...", "dw = x * (1 - act(x * w) ** 2)")
    out.write_text(text.replace("dx = ...", "dx = w * (1 - act(x * w) ** 2)"))
    assert byhand("check", str(out)).returncode == 0
    assert byhand("new", str(file)).returncode == 2
    assert "is there already" in byhand("new", str(file)).stderr


def test_from_nothing(tmp_path: Path) -> None:
    file = tmp_path / "fresh.py"
    assert byhand("new", str(file)).returncode == 0
    done = byhand("check", str(file))
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "found no gradient, function or class"),
        ("def f(x):\n    return x\n", "found f; `byhand new FILE`"),
        ("def my_forward(x):\n    return x\n", "found my_forward, which lacks a my_backward"),
        ("class A:\n    def forward(self, x):\n        return x\n", "no backward.self, dout."),
    ],
)
def test_what_is_nearest(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text(text)
    with pytest.raises(ProblemError, match=f"looked for statements such as.*{said}"):
        load(file)


SCRIPTS = {
    "backprop": (
        "import numpy as np\ndata = [np.ones(3)]\nW = np.ones((3, 2))\n"
        "def forward(x):\n    return x @ W\n"
        "def backprop(e, x):\n    return np.outer(x, e)\n"
        "for x in data:\n    W -= 0.1 * backprop(forward(x) - 1, x)\n",
        "found backprop, but no forward that gives the loss it starts from: put that into",
    ),
    "a class": (
        "class GAN:\n    def forward_g(self, z):\n        return z @ self.W\n"
        "    def backward_g(self, z):\n        return z.T @ (self.forward_g(z) - 1)\n",
        "found GAN.backward_g, but no forward that gives the loss",
    ),
    "lists": (
        "def net_forward(params, x):\n    (W, b), (V, c) = params\n"
        "    return (x @ W + b) @ V + c, (params, x)\n"
        "def net_backward(dout, cache):\n    params, x = cache\n    return [], dout\n",
        'params is taken apart into .*: put its arrays into a dict .* params."W1".',
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_refused_says_why(name: str, tmp_path: Path) -> None:
    text, said = SCRIPTS[name]
    file = tmp_path / "file.py"
    file.write_text(text)
    with pytest.raises(ProblemError, match=said):
        load(file)
