"""What tests ask of a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from byhand.checking.report import Report
from sweeps import SWEEP

Checked = Callable[..., Report]
DTYPES = ("float64", "float32")


@dataclass(frozen=True)
class Slip:
    """What stands in place of a right part; the root that it makes; the name it must get."""

    right: str
    wrong: str
    root: str
    code: str

    def within(self, source: str) -> str:
        """The source with the slip made."""
        assert source.count(self.right) == 1
        return source.replace(self.right, self.wrong)


def slips(problems: Mapping[str, tuple[str, Sequence[Slip]]], each: int = 1) -> list[Any]:
    """What may be done wrong in each source, to be tried one by one: of `each` few the first, and
    the rest in the sweeps."""
    return [
        pytest.param(
            source,
            slip,
            id=f"{name}: {slip.wrong.strip() or slip.right.strip()}",
            marks=SWEEP if number % each else (),
        )
        for name, (source, found) in problems.items()
        for number, slip in enumerate(found)
    ]


def assert_found(report: Report, slip: Slip) -> None:
    """The slip has its roots and its name, and nothing else is blamed."""
    assert set(report.roots) == set(slip.root.split())
    mistakes = [row.mistake for row in report.rows if row.mistake is not None]
    assert {mistake.code for mistake in mistakes} == {slip.code}, mistakes


def assert_right(report: Report) -> None:
    wrong = [f"{row.name}: {row.verdict}, {row.note}" for row in report.rows if not row.right]
    assert report.ok, "\n".join(wrong)
    assert not report.roots


def verdicts(report: Report) -> dict[str, str]:
    return {row.name: row.verdict for row in report.rows}
