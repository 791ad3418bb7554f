"""A report that was written as JSON and read again says the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.checking.report import Finding, Report
from byhand.program.problem import load
from byhand.rendering.report import wording
from byhand.rendering.report.as_json import from_json

LECTURE = Path(__file__).parents[1] / "problems/lecture.py"
CHANGES = {
    "right": ("dh = dlogits @ W2.T", "dh = dlogits @ W2.T"),
    "part": ("dhpreact = (1 - h**2) * dh", "dhpreact = (1 - hprebn**2) * dh"),
    "shape": ("db2 = dlogits.sum(axis=0)", "db2 = dlogits.sum(axis=0, keepdims=True)"),
    "raises": ("dh = dlogits @ W2.T", "dh = dlogits @ W2"),
    "missing": ("    db2 = dlogits.sum(axis=0)\n", ""),
    "relative to zero": ("db1 = dhprebn.sum(0)", "db1 = dhprebn.sum(0) + 1"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_read_says_what_was_written(change: tuple[str, str], tmp_path: Path) -> None:
    text = LECTURE.read_text()
    assert text.count(change[0]) == 1, change
    file = tmp_path / "lecture.py"
    file.write_text(text.replace(*change))
    finding = Finding("layout", "x was laid out backwards", "dx differs")
    report = replace(check(load(file)), findings=(finding,))
    again = from_json(json.loads(report.to_json()))
    assert said(again) == said(report)
    assert [row.part for row in again.rows] == [row.part for row in report.rows]
    assert [row.mismatch for row in again.rows] == [row.mismatch for row in report.rows]
    assert again.ok == report.ok


def said(report: Report) -> list[object]:
    """What wording says of it; source lines aren't in it."""
    return [
        wording.summary(report),
        wording.next_step(report),
        wording.notes(report),
        wording.in_short(report),
        [
            [wording.headline(rows), wording.details(rows[0])]
            for rows in wording.root_groups(report)
        ],
        [[wording.shapes(row), wording.short_place(row)] for row in report.rows],
    ]
