"""What is said about a report, piece by piece, for pages and editors that lay it out themselves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from byhand.checking.naming.mistakes import CODES, page
from byhand.checking.report import Report, Row
from byhand.rendering.report import wording


def said(report: Report) -> dict[str, Any]:
    """The sentences of the report: what is at fault, first what is to be mended first."""
    return {
        "summary": wording.summary(report),
        "next": wording.next_step(report),
        "roots": [
            {
                "names": [row.name for row in rows],
                "line": rows[0].line,
                "place": "" if rows[0].line is None else wording.place(rows[0]),
                "headline": wording.headline(rows),
                "details": wording.details(rows[0]),
                **({} if rows[0].part is None else {"part": asdict(rows[0].part)}),
                **_explained(rows[0]),
            }
            for rows in wording.root_groups(report)
        ],
        "notes": wording.notes(report),
    }


def _explained(row: Row) -> dict[str, str]:
    """The mistake's code, and its page; nothing where no mistake is named."""
    if row.mistake is None:
        return {}
    code = row.mistake.code
    return {"code": code, **({"page": page(code)} if code in CODES else {})}
