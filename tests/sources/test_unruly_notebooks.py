"""Notebooks that print without end, loop, fail, or reach for the user's files: one line is said,
and nothing is changed."""

from __future__ import annotations

from pathlib import Path

import notebooks
import pytest

from forked import run as byhand
from sweeps import a_few

SETTING = "import os, sys\nimport numpy as np\nX = np.ones((4, 3))\nW = np.ones((3, 2))"
FORWARD = "h = X @ W\nloss = (h ** 2).sum()"
BACKWARD = "dh = 2 * h\ndW = X.T @ dh"
LINE = "still running after 1 s, at `"
UNRULY = {
    "prints": ("while True:\n    print('x' * 10**6)\n    W = W * 1", FORWARD, LINE),
    "prints errors": ("while True:\n    sys.stderr.write('x' * 9**6)\n    W *= 1", FORWARD, LINE),
    "writes": ("while True:\n    os.write(1, b'x' * 10**6)\n    W = W * 1", FORWARD, LINE),
    "prints in forward": (
        "def act(z):\n    while True:\n        print('x' * 10**6)",
        FORWARD.replace("X @ W", "act(X @ W)"),
        LINE,
    ),
    "loops": ("while True:\n    W = W * 1", FORWARD, LINE),
    "fails": ("W = W * nothing", FORWARD, "raised NameError: name 'nothing' is not defined"),
    "recurses": ("def f():\n    return f()\nW = W * f()", FORWARD, "raised RecursionError"),
    "asks": ("W = W * float(input('how much?'))", FORWARD, "raised EOFError"),
    "removes": ("W = W * (os.remove('kept.txt') or 1)", FORWARD, "it would change kept.txt"),
    "overwrites": ("W = W * open('kept.txt', 'w').write('x')", FORWARD, "would write kept.txt"),
    "runs": ("W = W * (os.system('rm kept.txt') or 1)", FORWARD, "no program is run here"),
}  # fmt: skip
"""What stands in the second cell, the forward in the third, and what is said of the former."""


@pytest.mark.parametrize("name", a_few(UNRULY))
def test_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept = Path("kept.txt")
    kept.write_text("kept")
    cell, forward, said = UNRULY[name]
    notebooks.write([SETTING, cell, forward, BACKWARD], Path("n.ipynb"))
    before = Path("n.ipynb").read_bytes()
    done = byhand("check", "n.ipynb", "--timeout", "1", timeout=20)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr[:1000]
    assert done.stderr.startswith("n.ipynb, cell 2, line ")
    assert said in done.stderr
    assert kept.read_text() == "kept"
    assert Path("n.ipynb").read_bytes() == before


@pytest.mark.parametrize("cell", [UNRULY["prints"][0].replace("W = W * 1", "pass"), "X.sum()"])
def test_what_prints_without_end_and_is_not_needed(cell: str, tmp_path: Path) -> None:
    file = tmp_path / "n.ipynb"
    notebooks.write([SETTING, cell, FORWARD, BACKWARD, cell], file)
    done = byhand("check", str(file), timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout) < 1000
