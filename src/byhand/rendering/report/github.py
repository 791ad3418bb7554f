"""A report as annotations of GitHub Actions: what is wrong stands beside the line in the diff.

A workflow command a line (docs.github.com, "Workflow commands for GitHub Actions"):
`::error file=f.py,line=3,col=7,title=dx is wrong::the sign is wrong (sign)`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from byhand.checking.report import Report, Row
from byhand.rendering.report import wording


def commands(report: Report) -> list[str]:
    """A command for each mistake, finding, and gradient that is missing or can't be judged."""
    found: list[str] = []
    groups = wording.root_groups(report)
    told = {id(row) for rows in groups for row in rows}
    rest = [
        [row]
        for row in report.rows
        if id(row) not in told and row.verdict in ("missing", "unjudged")
    ]
    for rows in groups + rest:
        kind = "warning" if rows[0].verdict == "unjudged" else "error"
        title = wording.headline(rows)
        said = "\n".join(wording.details(rows[0])) or title
        found.append(_command(kind, {**_place(report, rows[0]), "title": title}, said))
    for finding in wording.dangers(report):
        place = {"file": _relative(report.file), "title": finding.name}
        found.append(_command("error", place, f"{finding.done}\n{finding.seen}"))
    return found


def _place(report: Report, row: Row) -> Mapping[str, object]:
    """Where a row's statement stands; GitHub knows no cells."""
    if row.line is None or row.cell is not None:
        return {"file": _relative(report.file)}
    place = {"file": _relative(report.file), "line": row.line}
    if row.part is None or not row.line == row.part.line == row.part.end_line:
        return place
    return {**place, "col": row.part.column + 1, "endColumn": row.part.end_column}


def _relative(file: str) -> str:
    """The file as the repository knows it."""
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    path = Path(file).resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else file


def _command(kind: str, properties: Mapping[str, object], said: str) -> str:
    listed = ",".join(f"{name}={_escaped(str(v), ':,')}" for name, v in properties.items())
    return f"::{kind} {listed}::{_escaped(said)}"


def _escaped(text: str, more: str = "") -> str:
    for each in "%\r\n" + more:
        text = text.replace(each, f"%{ord(each):02X}")
    return text
