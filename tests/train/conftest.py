"""What the tests of training share: a small list of words, and a folder to train in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from byhand import errors
from byhand.train.data import read_words

LITTLE = {"hidden": 12, "embedding": 4, "n": 16}


@pytest.fixture(scope="session")
def word_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every twentieth of the bundled names: 1,613 words."""
    file = tmp_path_factory.mktemp("data") / "words.txt"
    file.write_text("\n".join(read_words().words[::20]))
    return file


@pytest.fixture
def little() -> dict[str, int]:
    """Sizes at which mlp trains a thousand steps in a tenth of a second."""
    return dict(LITTLE)


@pytest.fixture(autouse=True)
def in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs go into `runs` where the test stands, not into the project."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def python() -> Callable[..., tuple[int, str, str]]:
    """Runs a script in a process of its own: its exit status, output and errors."""

    def run(script: str, *arguments: object) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(Path(errors.__file__).parents[1])},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    return run
