"""Reports inside the notebook that they are about: below each cell with answers, a cell of text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from byhand.checking.report import Report, Row
from byhand.rendering.report import wording

MARK = "byhand"


def with_verdicts(source: str, reports: Sequence[Report]) -> str:
    """The text of a notebook with the verdicts on each code cell in a Markdown cell below it.

    Verdicts that were written earlier are left out; nothing else changes.
    """
    notebook: dict[str, Any] = json.loads(source)
    made: list[Any] = []
    number = 0
    for cell in notebook["cells"]:
        if MARK in cell.get("metadata", {}):
            continue
        made.append(cell)
        if cell["cell_type"] == "code":
            number += 1
            rows = [(r, row) for r in reports for row in r.rows if row.cell == number]
            if rows:
                made.append(_cell(number, rows, notebook))
    indent = re.search(r"\n( +)", source)
    whole = json.dumps(
        {**notebook, "cells": made},
        indent=None if indent is None else len(indent[1]),
        ensure_ascii=False,
    )
    return whole + ("\n" if source.endswith("\n") else "")


def _cell(number: int, rows: Sequence[tuple[Report, Row]], notebook: dict[str, Any]) -> Any:
    lines = [_line(report, row) for report, row in rows]
    right = sum(row.right for _, row in rows)
    all_right = "the gradient is right" if len(rows) == 1 else f"all {right} gradients are right"
    said = all_right if right == len(rows) else f"{right} of {len(rows)} gradients are right"
    text = [f"**byhand**: {said}\n"]
    text += [f"\n- {line}" for line in lines if line]
    found: dict[str, Any] = {"cell_type": "markdown", "metadata": {MARK: {}}, "source": text}
    if (notebook.get("nbformat", 4), notebook.get("nbformat_minor", 0)) >= (4, 5):
        found = {"id": f"byhand-{number}", **found}
    return found


def _line(report: Report, row: Row) -> str:
    """What there is to say of one gradient; nothing of a right one."""
    if row.right:
        return ""
    name = wording.clean(wording.gradient(row))
    at = "" if row.line is None else f" (line {row.line})"
    if row.name in report.roots:
        said = row.mistake.message if row.mistake is not None else row.note or ""
        why = f": {wording.clean(said)}" if said else ""
        return f"✗ `{name}`{at} {wording.VERDICTS[row.verdict]}{why}"
    return f"· `{name}`{at} {wording.VERDICTS[row.verdict]}"
