"""A worked instance as text: every number in its place, to be redone with pencil and paper."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np

from byhand.deriving.worked.instance import Instance
from byhand.deriving.worked.sheet import Entry
from byhand.rendering.derivation import wording
from byhand.values.arrays import Array

WIDTH = 72

HEADINGS = {"inputs": "Given", "forward": "Forward", "backward": "Backward"}


def text(instance: Instance) -> str:
    """The whole instance."""
    lines: list[str] = []
    part = ""
    for first, entries in _by_work(instance.entries):
        if first.part != part:
            part = first.part
            lines += ["", HEADINGS[part], ""] if lines else [HEADINGS[part], ""]
        lines += _work(entries)
    lines += ["", *_ending(instance)]
    return "\n".join(line.rstrip() for line in lines)


def _by_work(entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, list[Entry]]]:
    """The entries, those together that one statement gave."""
    together: list[Entry] = []
    for entry in entries:
        if together and (entry.work is None or entry.work is not together[0].work):
            yield together[0], together
            together = []
        together.append(entry)
    if together:
        yield together[0], together


def _work(entries: list[Entry]) -> Iterator[str]:
    work = entries[0].work
    if work is not None:
        if work.round:
            yield f"  {work.round}:"
        where = f"  # line {work.line}" if entries[0].part == "forward" else ""
        yield "  " + work.code.replace("\n", "\n  ") + where
    for entry in entries:
        plain = work is not None and work.code.startswith(f"{entry.name} =")
        if not plain:
            yield f"  {'  ' if work else ''}{entry.name}{':' if work else ''}"
        yield from (f"      {row}" for row in rows(entry.value, entry.decimals))


def _ending(instance: Instance) -> Iterator[str]:
    for check in instance.checks:
        values = "  ".join(rows(np.ravel(check.value), check.decimals))
        yield f"{wording.claim(check.lemma)}: {values}"
    off = ", ".join(dict.fromkeys(entry.name for entry in instance.entries if not entry.redone))
    yield from textwrap.wrap(
        "Every number can be redone from those printed before it, to within one unit of its last "
        f"digit{f', but for {off}' if off else ''}.",
        WIDTH,
    )


def rows(value: Array, decimals: int) -> list[str]:
    """An array as aligned rows of numbers; matrices of a larger array with a line between them."""
    if value.ndim > 2:
        found: list[str] = []
        for matrix in value:
            found += ["", *rows(matrix, decimals)] if found else rows(matrix, decimals)
        return found
    table = [[number(x, decimals) for x in row] for row in np.atleast_2d(value)]
    wide = max((len(x) for row in table for x in row), default=0)
    return ["  ".join(x.rjust(wide) for x in row) for row in table]


def number(value: Any, decimals: int) -> str:
    """A number as it is printed: nothing is ever -0.0000, and a truth is 1 or 0."""
    plain = value.item()
    if not isinstance(plain, float):
        return str(int(plain))
    written = f"{plain:.{decimals}f}"
    return written if float(written) else written.removeprefix("-")
