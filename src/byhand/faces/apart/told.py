"""What is told of a report: its words first, which are few, then its numbers.

To write down the numbers of a large model, and to read them, takes as long as half of the check.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from byhand.checking.report import Report
from byhand.course.rehearsal import silent
from byhand.program.problem import Problem
from byhand.rendering.report.said import said
from byhand.train.watching import trainable


def told_in_stages(
    stages: Iterator[Report], problem: Problem | None
) -> Generator[dict[str, Any], None, Report]:
    """A check as soon as it is known which lines are wrong, and again with the mistakes by name, if
    there are any; returns the last report."""
    with silent():
        report = next(stages)
    yield from _told(report, problem)
    if not report.ok:
        with silent():
            report = next(stages, report)
        yield from _told(report, problem)
    return report


def _told(report: Report, problem: Problem | None) -> Iterator[dict[str, Any]]:
    """Both, and whether the `problem`, where it is read as one, can be trained."""
    yield {"said": said(report), "passed": report.ok}
    with silent():
        can = problem is not None and trainable(problem)
    yield {"report": report.as_json(), "trainable": can}
