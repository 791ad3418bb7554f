"""Answers in a notebook of the course: the cells that begin with `%%check` and an exercise.

A notebook is read as JSON and nothing more: none of its cells is run, imported or parsed here.
"""

from __future__ import annotations

import json
from itertools import accumulate
from typing import Any

from byhand.errors import CourseError

NOTEBOOK = ".ipynb"
_MAGIC = "%%check"


def answers(content: bytes) -> list[tuple[str, str]]:
    """What each such cell answers, as it is named there, and the cell below that line, which stays
    empty: so the lines of the cell keep their numbers. Raises CourseError if it isn't one."""
    try:
        cells: Any = json.loads(content)["cells"]
        texts = [_text(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise CourseError("is not a notebook") from None
    found: list[tuple[str, str]] = []
    for text in texts:
        first, end, rest = text.partition("\n")
        magic, _, what = first.strip().partition(" ")
        if magic == _MAGIC:
            found.append((what.strip(), end + rest))
    return found


def first_lines(content: str) -> tuple[int, ...]:
    """The lines on which its code cells begin where they stand one after the other, from 1; none
    where it is no notebook."""
    try:
        cells: Any = json.loads(content)["cells"]
        texts = [_text(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()
    return tuple(accumulate((text.count("\n") + 1 for text in texts[:-1]), initial=1))


def _text(source: Any) -> str:
    """The source of a cell: a text, or a list of its lines."""
    return source if isinstance(source, str) else "".join(source)
