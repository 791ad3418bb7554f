"""Checks one submission, locked in, for the words of its feedback: which line, which mistake.

What it says is shown to the learner and decides nothing. It may be a lie: the submission runs in
this process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
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
    if job.member:
        problem = import_module("byhand.course.grading.submitted").submitted(job, {})
    else:
        problem = problem_in(job.source, Path(job.file))
    report = judge_problem(problem, [str(name) for name in asked])
    send(out, Reply((dict(_said(report, problem.cells)),)), job.largest)


def _said(report: Report, cells: Sequence[int]) -> Iterator[tuple[Key, WireValue]]:
    """For each root: `mistake: message`, and its line; in a notebook as if all cells stood one
    after the other."""
    for name in report.roots:
        row = report[name]
        if row.mistake is not None:
            words = f"{row.mistake.code}: {row.mistake.message}"
            line = row.line
            if line is not None and row.cell is not None:
                line += cells[row.cell - 1] - 1
            yield (row.name, 0), WireValue(None, words, line=line)
