"""`%check` in a live notebook, and `check --write`: what the file says is said there, too."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import notebooks
import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.faces.learning.magics import load_ipython_extension
from byhand.sources.session import problems_in_session
from forked import run as byhand

CELLS = notebooks.ALL["numpy"]


class Shell:
    """As much of IPython's shell as byhand needs: cells are run, and magics registered."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {"In": [""]}
        self.magics: dict[tuple[str, str], Any] = {}

    def register_magic_function(self, magic: Any, magic_kind: str, magic_name: str) -> None:
        self.magics[magic_kind, magic_name] = magic

    def run(self, text: str) -> None:
        self.user_ns["In"].append(text)
        if text.startswith("%check"):
            self.magics["line", "check"](text.removeprefix("%check"))
        else:
            exec(text, self.user_ns)


def reports(cells: list[str]) -> list[Report]:
    shell = Shell()
    for cell in cells:
        shell.run(cell)
    return [check(each) for each in problems_in_session(shell.user_ns["In"][1:], shell.user_ns)]


def test_as_in_the_file() -> None:
    (report,) = reports([cell.strip("\n") for cell in CELLS])
    assert report.ok, str(report)
    assert report["W1"].cell == 3
    assert report["W1"].line == 8


def test_a_cell_that_was_run_again() -> None:
    wrong = CELLS[2].replace("+ 0.1 * W1", "")
    (report,) = reports([*CELLS[:2], wrong, CELLS[2]])
    assert report.ok, str(report)
    (report,) = reports([*CELLS, wrong])
    assert report.roots == ("W1",)
    assert report["W1"].cell == 4


def test_a_gradient_that_an_earlier_cell_left_is_no_input() -> None:
    """It is answered once more, by another formula: that is not what the first one gave."""
    again = "dscores = probs.copy()\ndscores[np.arange(len(y)), y] -= 1\ndscores /= len(y)"
    first, second = reports([*CELLS, again])
    assert first.ok, str(first)
    assert second.ok, str(second)
    assert [row.cell for row in second.rows] == [4]
    _, second = reports([*CELLS, again.replace("-= 1", "-= 2")])
    assert second.roots == ("scores",)


def test_the_magic(capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell()
    load_ipython_extension(shell)
    shell.run("%check")
    assert "nothing has been run yet" in capsys.readouterr().out
    for cell in (*CELLS, "%check", "%check dW1", "%check nowhere"):
        shell.run(cell)
    said = capsys.readouterr().out
    assert said.count("7 of 7 gradients are right") == 2
    assert "nowhere: no gradient of that was run" in said


@pytest.mark.long
def test_in_a_terminal_of_ipython(tmp_path: Path) -> None:
    cells = [
        "%load_ext byhand",
        "import numpy as np; X = np.ones((4, 3)); W = np.ones((3, 2))",
        "h = X @ W; loss = (h ** 2).sum()",
        "dh = 2 * h; dW = 2 * X.T @ dh",
        "%check",
    ]
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner"]
    done = subprocess.run(
        command,
        input="\n".join([*cells, "exit", ""]),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path), "NO_COLOR": "1"},
        timeout=60,
    )
    assert "dW is 2 times what it should be (factor)" in done.stdout, done.stdout + done.stderr
    assert "Report(" not in done.stdout


def test_nothing_to_check() -> None:
    with pytest.raises(ProblemError, match="has no gradient to check"):
        reports(CELLS[:2])


def test_write_adds_verdicts_and_changes_nothing_else(tmp_path: Path) -> None:
    file, out, again = (tmp_path / name for name in ("n.ipynb", "out.ipynb", "again.ipynb"))
    wrong = [*CELLS[:2], CELLS[2].replace("dz1 = da1 * (z1 > 0)", "dz1 = da1 * (z1 < 0)")]
    notebooks.write(wrong, file)
    before = file.read_bytes()
    assert byhand("check", str(file), "--write", str(out)).returncode == 1
    assert file.read_bytes() == before
    written = json.loads(out.read_text())
    (added,) = (cell for cell in written["cells"] if "byhand" in cell["metadata"])
    assert written["cells"].index(added) == len(written["cells"]) - 1
    assert "✗ `dz1` (line 7) wrong" in "".join(added["source"])
    written["cells"].remove(added)
    assert written == json.loads(before)
    byhand("check", str(out), "--write", str(again))
    assert again.read_text() == out.read_text()


def test_write_is_for_notebooks(tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    file.write_text("".join(CELLS))
    done = byhand("check", str(file), "--write", str(tmp_path / "out.ipynb"))
    assert done.returncode == 2
    assert "--write is for notebooks" in done.stderr
    assert not (tmp_path / "out.ipynb").exists()


HALF = """
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0/n
dlogits = dlogprobs - logprobs.exp() * dlogprobs.sum(1, keepdim=True)
dh = dlogits @ W2.T
dhpreact = (1.0 - h**2) * dh
dbnraw = bngain * dhpreact
dbndiff = bnvar_inv * dbnraw
"""
SECOND = """
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = (-0.5*(bnvar + 1e-5)**-1.5) * dbnvar_inv
dbndiff += (2*bndiff) * (1.0/(n-1)) * dbnvar
"""


def compared(monkeypatch: pytest.MonkeyPatch, *cells: str) -> str:
    """What `byhand.cmp` says of dbndiff in the last of these cells, after the lecture's forward."""
    shell = Shell()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    imports = "import torch\nimport torch.nn.functional as F\nimport byhand"
    words = "words = ['emma', 'olivia', 'ava', 'isabella', 'sophia'] * 12"
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in (imports, words, *notebooks.START[2:], notebooks.FORWARD):
            shell.run(cell)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        for cell in cells:
            shell.run(cell)
    return said.getvalue()


COMPARE = "byhand.cmp('bndiff', dbndiff, bndiff)\n"


def test_cmp_says_that_more_paths_come(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    said = compared(monkeypatch, HALF + COMPARE, SECOND + COMPARE)
    half, whole = said.strip().split("\n")
    assert half.startswith("bndiff          | unfinished | exact: False")
    assert half.endswith("(1 of 2 paths so far: the other is by way of bnvar)")
    assert whole.startswith("bndiff          | right")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dbndiff = bnvar_inv * dbnraw", "dbndiff = bnvar * dbnraw"),
        ("dbndiff = bnvar_inv * dbnraw", "dbndiff = 2 * bnvar_inv * dbnraw"),
        ("dh = dlogits @ W2.T", "dh = -dlogits @ W2.T"),
    ],
)
def test_cmp_says_so_of_nothing_that_is_wrong(
    old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    said = compared(monkeypatch, HALF.replace(old, new) + COMPARE)
    assert said.startswith("bndiff          | wrong | exact: False")


def test_cmp_knows_nothing_of_a_forward_that_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    changed = "W2.data *= 2\n"
    assert "| wrong |" in compared(monkeypatch, HALF, changed + COMPARE)
