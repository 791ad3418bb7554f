"""Golden files: what was looked at once and found good."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "golden"


def matches_golden(name: str, content: str) -> None:
    """Fails if `content` isn't what the golden file holds; BYHAND_GOLDEN=write writes it."""
    file = FOLDER / name
    if os.environ.get("BYHAND_GOLDEN") == "write":
        file.write_text(content, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == content
