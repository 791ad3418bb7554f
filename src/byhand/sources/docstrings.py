"""The shapes that a docstring gives: `x: input of shape (N, D)`, `b -- bias, of shape (n, 1)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

Said: TypeAlias = tuple[str, ...]
"""What a docstring calls the axes of an array, one by one; empty for a scalar."""

_ITEM = re.compile(r"^\s*(?:[-*]\s+)?(?::param\s+)?([\w, ]+?)\s*(?:\([^()]*\)\s*)?(?::|--|- )(.*)$")
_SHAPE = re.compile(r"(?:shape|size|dimensions?|dims?)\b\s*(?:of|is|=|:)?\s*[(\[]", re.I)


def shapes_said(text: str | None) -> dict[str, Said]:
    """The shape of every name that is described, as far as one is given."""
    found: dict[str, Said] = {}
    for names, about in _items(text or ""):
        shape = _shape(about)
        if shape is not None:
            found.update(dict.fromkeys(names, shape))
    return found


def _items(text: str) -> Iterator[tuple[list[str], str]]:
    """The names that are described, and what is said of them, on one line or several."""
    names, about = list[str](), ""
    for line in [*text.splitlines(), "end:"]:
        match = _ITEM.match(line)
        called = [each.strip() for each in match[1].split(",")] if match else []
        if match and all(each.isidentifier() for each in called):
            if names:
                yield names, about
            names, about = called, match[2]
        else:
            about += " " + line.strip()


def _shape(about: str) -> Said | None:
    match = _SHAPE.search(about)
    if match is not None:
        return _axes(about[match.end() :])
    if re.match(r"\s*\([^()]*,[^()]*\)", about):
        return _axes(about.strip()[1:])
    return () if re.search(r"\bscalar\b", about.split(".")[0], re.I) else None


def _axes(rest: str) -> Said | None:
    """The axes up to the bracket that closes; `d_1, ..., d_k` are two."""
    parts, depth = [""], 0
    for each in rest:
        depth += each in "(["
        if each in ")]" and not depth:
            axes = [part.strip() for part in parts]
            return tuple(axis for axis in axes if axis and axis.strip(".…"))
        depth -= each in ")]"
        if each == "," and not depth:
            parts.append("")
        else:
            parts[-1] += each
    return None
