"""Checks one submission, locked in, for the words of its feedback: which line, which mistake.

What it says is shown to the learner and decides nothing. It may be a lie: the submission runs in
this process.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from byhand.course.grading.sandbox_main import enter, send
from byhand.course.grading.wire import Reply, WireValue
from byhand.course.judge import judge_problem
from byhand.program.problem import problem_in
from byhand.referees.referee import Key

if TYPE_CHECKING:
    from byhand.checking.report import Report


def main() -> None:
    job, asked, out = enter()
    problem = problem_in(job.source, Path(job.file))
    report = judge_problem(problem, [str(name) for name in asked])
    send(out, Reply((dict(_said(report)),)), job.largest)


def _said(report: Report) -> Iterator[tuple[Key, WireValue]]:
    """For each root: `mistake: message`, and its line."""
    for name in report.roots:
        row = report[name]
        if row.mistake is not None:
            words = f"{row.mistake.code}: {row.mistake.message}"
            yield (row.name, 0), WireValue(None, words, line=row.line)
