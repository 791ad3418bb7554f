"""Shapes beside the names that are bound: of forward's values, and of the gradients."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol.types import InlayHint, InlayHintKind, Range

from byhand.checking.report import Part
from byhand.faces.lsp.texts import range_of
from byhand.faces.lsp.verdict import CheckAnswer
from byhand.rendering.report import wording


def shapes(verdict: CheckAnswer, uri: str, asked: Range) -> list[InlayHint]:
    """The hints in a range of a document: `h: (32, 64)`."""
    found: dict[tuple[int, int], InlayHint] = {}
    for cell, line, name, size in _bound(verdict):
        piece, there = verdict.text.at(line, cell)
        within = asked.start.line < there <= asked.end.line + 1
        if piece.uri != uri or not within or there > len(piece.lines):
            continue
        bound = re.match(rf"[^=#]*?\b{re.escape(name)}\b(?=[^=]*[^=!<>]=)", piece.lines[there - 1])
        if bound is not None:
            part = Part(there, bound.end(), there, bound.end())
            at = range_of(piece.lines, part, verdict.text.codec).start
            found[there, bound.end()] = InlayHint(at, f": {size}", InlayHintKind.Type)
    return [found[place] for place in sorted(found)]


def _bound(verdict: CheckAnswer) -> Iterator[tuple[int | None, int, str, str]]:
    """The cell and the line of what is bound, its name and its shape; of several the last."""
    for report, steps in verdict.reports:
        for step in steps:
            if step["line"] is not None:
                size = wording.size(tuple(step["shape"]))
                yield step.get("cell"), step["line"], step["name"], size
        for row in report.rows:
            if row.line is not None and row.shape is not None:
                yield row.cell, row.line, f"d{row.name}", wording.size(row.shape)
