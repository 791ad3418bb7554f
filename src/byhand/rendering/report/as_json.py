"""A report as JSON, for programs, and read from it again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from byhand.checking.report import Finding, Mismatch, Mistake, Part, Report, Row, Unread
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
        "program": program(report.program, report.rows),
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


def from_json(found: Mapping[str, Any]) -> Report:
    """A report as its JSON tells: without source lines and maps, which stand in none."""
    return Report(
        file=found["file"],
        referee=found["referee"],
        dtype=found["dtype"],
        seconds=found["seconds"],
        rows=tuple(map(_read_row, found["rows"])),
        roots=tuple(found["roots"]),
        notes=tuple(found["notes"]),
        name=found.get("name", ""),
        findings=tuple(Finding(**each) for each in found["findings"]),
    )


def _read_row(row: Mapping[str, Any]) -> Row:
    shape, expected = row["shape"], row["expected_shape"]
    made: dict[str, Any] = {
        "shape": None if shape is None else tuple(shape),
        "expected_shape": None if expected is None else tuple(expected),
        "mistake": None if row["mistake"] is None else Mistake(**row["mistake"]),
        "part": Part(**row["part"]) if "part" in row else None,
        "mismatch": _read_mismatch(row["mismatch"]) if "mismatch" in row else None,
    }
    return Row(**{**row, **made})


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
        **({} if row.mismatch is None else {"mismatch": _mismatch(row.mismatch)}),
    }


def _mismatch(found: Mismatch) -> dict[str, Any]:
    return {
        **asdict(found),
        "absolute": _finite(found.absolute),
        "absolute_at": list(found.absolute_at),
        "relative": _finite(found.relative),
        "relative_at": list(found.relative_at),
    }


def _read_mismatch(found: Mapping[str, Any]) -> Mismatch:
    read: dict[str, Any] = {}
    for key in ("absolute", "relative"):
        read[key] = math.inf if found[key] is None else found[key]
        read[f"{key}_at"] = tuple(found[f"{key}_at"])
    return Mismatch(**{**found, **read})


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
