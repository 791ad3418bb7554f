"""A report as JSON, for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from byhand.checking.report import Report, Row, Unread
from byhand.rendering.report.program import program


def as_json(report: Report) -> dict[str, Any]:
    """The JSON of `byhand check`, as a dict; NaN and infinity are None."""
    return {
        "ok": report.ok,
        "file": report.file,
        "referee": report.referee,
        "dtype": report.dtype,
        "seconds": report.seconds,
        "roots": list(report.roots),
        "notes": list(report.notes),
        "findings": [asdict(finding) for finding in report.findings],
        "rows": [_row(row) for row in report.rows],
        "program": program(report),
    }


def several(reports: Sequence[Report | Unread]) -> dict[str, Any]:
    """The JSON of `byhand check` for a file with several problems."""
    problems = [
        {"name": each.name, "ok": False, "error": each.error}
        if isinstance(each, Unread)
        else {"name": each.name, **as_json(each)}
        for each in reports
    ]
    return {"ok": all(each["ok"] for each in problems), "problems": problems}


def _row(row: Row) -> dict[str, Any]:
    mistake = row.mistake
    return {
        "name": row.name,
        **({} if row.cell is None else {"cell": row.cell}),
        "line": row.line,
        "shape": None if row.shape is None else list(row.shape),
        "expected_shape": None if row.expected_shape is None else list(row.expected_shape),
        "verdict": row.verdict,
        "max_error": _finite(row.max_error),
        "tolerance": _finite(row.tolerance),
        "ulps": _finite(row.ulps),
        "at": row.at if row.at is None or isinstance(row.at, str) else dict(row.at),
        "note": row.note,
        "mistake": None if mistake is None else {"code": mistake.code, "message": mistake.message},
        **({} if row.part is None else {"part": asdict(row.part)}),
    }


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
