"""`byhand lsp` as a command: what it says without its library, and how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from lsp_client import PATIENCE, Client
from processes import children, running

from line_problem import GOOD

Start = Callable[..., Client]


def test_without_its_library_one_line_says_how_to_get_it() -> None:
    code = "import sys; sys.modules['pygls'] = None; from byhand.faces.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "lsp"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "byhand: the language server needs pygls, which isn't installed: "
        "pip install 'byhand[lsp]'\n"
    )


def test_it_ends_when_it_is_told_to_and_leaves_no_process(start: Start, tmp_path: Path) -> None:
    editor = start(tmp_path)
    editor.diagnostics(editor.open(tmp_path / "line.py", GOOD), 1)
    workers = children(editor.process.pid)
    assert len(workers) == 1
    assert editor.exit() == 0
    assert editor.process.stderr is not None and editor.process.stderr.read() == b""
    assert not [pid for pid in workers if running(pid)]


def test_an_exit_without_a_word_before_is_no_success(start: Start, tmp_path: Path) -> None:
    editor = start(tmp_path)
    editor.notify("exit", None)
    assert editor.process.wait(PATIENCE) == 1


def test_ctrl_c_ends_it_at_once(start: Start, tmp_path: Path) -> None:
    editor = start(tmp_path)
    editor.diagnostics(editor.open(tmp_path / "line.py", GOOD), 1)
    workers = children(editor.process.pid)
    editor.process.send_signal(signal.SIGINT)
    editor.process.wait(PATIENCE)
    assert editor.process.stderr is not None and editor.process.stderr.read() == b""
    editor.wait_until(lambda: not [pid for pid in workers if running(pid)])


def test_it_ends_when_the_editor_goes_away(start: Start, tmp_path: Path) -> None:
    editor = start(tmp_path)
    endless = editor.open(tmp_path / "line.py", GOOD + "\nwhile True:\n    pass\n")
    editor.settle(1.5)
    workers = children(editor.process.pid)
    assert editor.process.stdin is not None and endless
    editor.process.stdin.close()
    assert editor.process.wait(PATIENCE) == 0
    assert not [pid for pid in workers if running(pid)]
