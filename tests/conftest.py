"""Problem files in a folder of their own."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest


@pytest.fixture
def problem_file(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a problem file, each under a new name; gives its path."""
    number = itertools.count()

    def write(source: str) -> Path:
        file = tmp_path / f"problem{next(number)}.py"
        file.write_text(dedent(source), encoding="utf-8")
        return file

    return write
