"""What browsers get: the view, the page and what they load, built from web/ by `make web`."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def text(name: str) -> str:
    """A script or style sheet, such as "view.js"."""
    return (FOLDER / name).read_text(encoding="utf-8")
