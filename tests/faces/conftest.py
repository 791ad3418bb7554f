"""A problem file to check, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from line_problem import GOOD


@pytest.fixture
def problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Writes the good problem file, with replacements, into the current folder."""
    monkeypatch.chdir(tmp_path)

    def write(*changes: tuple[str, str], name: str = "line.py") -> str:
        source = GOOD
        for old, new in changes:
            assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in the file"
            source = source.replace(old, new)
        Path(name).write_text(source)
        return name

    return write
