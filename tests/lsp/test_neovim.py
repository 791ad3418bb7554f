"""The server in a real editor: Neovim, as Debian has it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from byhand.course import learner as learners

pytestmark = pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim isn't installed")

WRONG = "db2 = dlogits.sum(axis=0, keepdims=True)"
RIGHT = "db2 = dlogits.sum(axis=0)"


def exercise(folder: Path) -> tuple[Path, int]:
    """Exercise 6.4, of which one line is left to be written; and that line."""
    learner = learners.start(folder / "course", None)
    found = learner.course.find("6.4")
    learners.open_exercise(learner, found)
    file, solution = learner.path(found), found.blanks.solution.splitlines()
    text = file.read_text()
    for name in ("h", "W2"):
        (written,) = (line for line in solution if line.startswith(f"d{name} = "))
        assert text.count(f"d{name} = ...  # your turn") == 1
        text = text.replace(f"d{name} = ...  # your turn", written)
    file.write_text(text)
    return file, text[: text.index("db2 = ...")].count("\n") + 1


def in_neovim(folder: Path, **more: str) -> dict[str, Any]:
    file, line = exercise(folder)
    given = {"WRONG": WRONG, "RIGHT": RIGHT, "LINE": str(line), "CODE": "keepdims", **more}
    given |= {"SERVER": f"{sys.executable} -m byhand lsp", "ROOT": str(file.parent.parent)}
    given |= {"OUT": str(folder / "seen.json"), "HOME": str(folder / "home")}
    script = Path(__file__).with_name("neovim.lua")
    done = subprocess.run(
        ["nvim", "--headless", "-u", str(script), str(file)],
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), **given},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    seen = json.loads((folder / "seen.json").read_text())
    assert "error" not in seen, (seen, done.stderr)
    return {**seen, "line": line}


def test_a_wrong_line_is_underlined_and_when_it_is_mended_nothing_is(tmp_path: Path) -> None:
    seen = in_neovim(tmp_path)
    (missing,) = seen["opened"]
    assert (missing["line"], missing["message"]) == (seen["line"], "db2 is missing")
    (wrong,) = seen["wrong"]
    assert wrong["line"] == seen["line"]
    assert wrong["text"] == WRONG
    assert wrong["severity"] == 1
    assert "db2 has the wrong shape" in wrong["message"]
    assert seen["right"] == []


@pytest.mark.long
def test_200_edits_in_ten_seconds_leave_no_stale_diagnostic(tmp_path: Path) -> None:
    seen = in_neovim(tmp_path, EDITS="200")
    assert seen["left"] == []
    versions = [each["version"] for each in seen["published"]]
    assert versions == sorted({*versions})
    # Neovim may have typed one line more while a verdict was on its way to it.
    assert all(each["now"] - each["version"] <= 2 for each in seen["published"])
