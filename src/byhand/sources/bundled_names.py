"""The bundled list of names. Where submissions are run it can't be read: there it is code."""

from __future__ import annotations

from importlib import resources


def bundled_names() -> str:
    return (resources.files("byhand") / "data" / "ssa-names-2018.txt").read_text()
