"""What the tests of training share: a small list of words, and a folder to train in."""

from __future__ import annotations

from pathlib import Path

import pytest

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
