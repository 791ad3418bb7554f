"""`%check` in a live notebook, and `check --write`: what the file says is said there, too."""

from __future__ import annotations

import json
from pathlib import Path
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


def test_the_magic(capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell()
    load_ipython_extension(shell)
    shell.run("%check")
    assert "nothing has been run yet" in capsys.readouterr().out
    for cell in (*CELLS, "%check", "%check nowhere"):
        shell.run(cell)
    said = capsys.readouterr().out
    assert "7 of 7 gradients are right" in said
    assert "nowhere: no gradient of that was run" in said


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
