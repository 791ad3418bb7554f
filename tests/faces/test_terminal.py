"""Prose is wrapped at the window, and code isn't; an error is one line unless a person reads it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest
from command_line import run_byhand

from byhand.faces.terminal import wrapped


def test_prose_is_wrapped_and_code_is_not() -> None:
    text = "One two three\nfour five.\n\nBad:\n    dx = one + two + three + four\nGood:\n    dx"
    assert wrapped(text, 14) == (
        "One two three\nfour five.\n\nBad:\n    dx = one + two + three + four\nGood:\n    dx"
    )
    assert wrapped("One two three four five six", 14) == "One two three\nfour five six"


def test_a_page_is_as_wide_as_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    lines = run_byhand("explain", "bessel").stdout.splitlines()
    assert max(len(line) for line in lines if not line.startswith("    ")) <= 50
    assert len(lines) > 12


def test_an_error_on_a_terminal_breaks_between_words() -> None:
    mine, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "byhand", "explain", "none"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"COLUMNS": "60"},
        timeout=60,
        check=False,
    )
    os.close(theirs)
    shown = os.read(mine, 1 << 16).decode().replace("\r", "")
    os.close(mine)
    assert (done.returncode, done.stdout) == (2, b"")
    assert shown.startswith("none: no such mistake")
    assert max(map(len, shown.splitlines())) <= 60 < len(shown)
