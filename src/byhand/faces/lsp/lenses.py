"""How many gradients are right, above the backward that computes them."""

from __future__ import annotations

from lsprotocol.types import CodeLens, Command

from byhand.checking.report import Report
from byhand.faces.lsp.verdict import CheckAnswer
from byhand.rendering.report import wording

SAY = "byhand.say"
"""The command that says its argument."""


def lenses(verdict: CheckAnswer, uri: str) -> list[CodeLens]:
    """One for each backward in a document."""
    found: list[CodeLens] = []
    for report, _ in verdict.reports:
        at = verdict.text.backward(report)
        if at is not None and at.uri == uri:
            said = " ".join(filter(None, (wording.summary(report), wording.next_step(report))))
            found.append(CodeLens(at.range, Command(_right(report), SAY, arguments=[said])))
    return found


def _right(report: Report) -> str:
    right = sum(row.right and row.name not in report.roots for row in report.rows)
    return f"{right} of {len(report.rows)} right"
