"""`make run`, stopped with Ctrl-C: nothing is left to read but that it stopped."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent.parent


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_ctrl_c_under_make_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    shutil.copy(HERE / "Makefile", tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/.ready-to-run").touch()
    mine, theirs = pty.openpty()
    make = subprocess.Popen(
        ["make", "run", f"BIN={Path(sys.executable).parent}"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        assert "[q]uit" in _shown(mine, "[q]uit")
        os.killpg(make.pid, signal.SIGINT)  # as a terminal does: make, its shell and byhand
        assert _shown(mine, "never").strip() == "byhand: stopped"
        make.wait(10)
    finally:
        make.kill()
        make.wait()
        os.close(mine)


def _shown(terminal: int, until: str) -> str:
    """What is shown until this text, or until everybody has gone."""
    shown, end = "", time.monotonic() + 60
    while until not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            try:
                shown += os.read(terminal, 1 << 16).decode(errors="replace")
            except OSError:  # nobody holds the other end any more
                break
    return shown
