"""What tests ask of a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from byhand.checking.report import Report

Checked = Callable[..., Report]
DTYPES = ("float64", "float32")


@dataclass(frozen=True)
class Slip:
    """What stands in place of a right part; the root that it makes; the name it must get."""

    right: str
    wrong: str
    root: str
    code: str


def assert_right(report: Report) -> None:
    wrong = [f"{row.name}: {row.verdict}, {row.note}" for row in report.rows if not row.right]
    assert report.ok, "\n".join(wrong)
    assert not report.roots


def verdicts(report: Report) -> dict[str, str]:
    return {row.name: row.verdict for row in report.rows}
