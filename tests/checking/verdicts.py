"""What tests ask of a report."""

from __future__ import annotations

from collections.abc import Callable

from byhand.checking.report import Report

Checked = Callable[..., Report]
DTYPES = ("float64", "float32")


def assert_right(report: Report) -> None:
    wrong = [f"{row.name}: {row.verdict}, {row.note}" for row in report.rows if not row.right]
    assert report.ok, "\n".join(wrong)
    assert not report.roots


def verdicts(report: Report) -> dict[str, str]:
    return {row.name: row.verdict for row in report.rows}
