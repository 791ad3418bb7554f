"""Whether a text has a backward is told without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.sources.forms import has_backward, is_problem_file

ROOT = Path(__file__).parents[2]
FILE = Path("somewhere.py")
NONE_AT_ALL = (
    "import os\n",
    "def forward(x):\n    return x\n",
    "def take(x=0, /, y=1):\n    if y is None:\n        return x\n    return x, y\n",
    "class Cursor:\n    def forward(self, n):\n        self.at += n\n",
)


def test_every_form_that_people_have_is_seen() -> None:
    files = sorted((ROOT / "tests/sources/forms").rglob("*.py"))
    assert len(files) > 20
    unseen = [f.name for f in files if not has_backward(f.read_text(encoding="utf-8"), f)]
    assert unseen == []


@pytest.mark.parametrize("text", NONE_AT_ALL)
def test_what_has_no_backward_is_let_be(text: str) -> None:
    assert has_backward(text, FILE) is False


def test_byhand_itself_and_its_tests_are_let_be() -> None:
    files = [*(ROOT / "src/byhand/engine").glob("*.py"), *(ROOT / "tests/ops").glob("*.py")]
    assert [f.name for f in files if has_backward(f.read_text(encoding="utf-8"), f)] == []


def test_a_half_written_line_hides_a_problem_file_from_nobody() -> None:
    text = "def forward(x):\n    return x\n\ndef backward(dy):\n    dx = (\n"
    assert is_problem_file(text)
    assert has_backward(text, FILE) is True
    assert has_backward("y = (", FILE) is None
