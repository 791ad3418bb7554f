"""A report on gradients in a dict: each called by its key, `W1` for `params["W1"]`."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from byhand.checking.report import Mistake, Report, Row
from byhand.checking.summary import StepSummary


def by_key(report: Report, dicts: Collection[str]) -> Report:
    """The report with the items of these dicts called by their keys, wherever it names one; one
    whose key is the name of something else stays what it is."""
    if not dicts:
        return report
    item = re.compile(rf'\b(d?)({"|".join(map(re.escape, dicts))})\["(\w+)"\](?!\[)')
    names = {row.name for row in report.rows} | {step.name for step in report.program}
    keys = [match[3] for name in names if (match := item.fullmatch(name))]
    ours = {key for key in keys if key not in names and keys.count(key) == 1}

    def called(match: re.Match[str]) -> str:
        return f"{match[1]}{match[3]}" if match[3] in ours else match[0]

    def said(text: str) -> str:
        return item.sub(called, text)

    def mistake(found: Mistake) -> Mistake:
        return replace(
            found, message=said(found.message), lacks=tuple(said(each) for each in found.lacks)
        )

    def row(found: Row) -> Row:
        return replace(
            found,
            name=said(found.name),
            note=None if found.note is None else said(found.note),
            mistake=None if found.mistake is None else mistake(found.mistake),
        )

    def step(found: StepSummary) -> StepSummary:
        uses = tuple(replace(use, name=said(use.name)) for use in found.uses)
        return replace(found, name=said(found.name), uses=uses)

    return replace(
        report,
        rows=tuple(map(row, report.rows)),
        roots=tuple(said(each) for each in report.roots),
        notes=tuple(said(each) for each in report.notes),
        program=tuple(map(step, report.program)),
    )
