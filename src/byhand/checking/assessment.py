"""An assessment: which lines are wrong, before and after the mistakes in them are named."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from byhand.checking.by_key import by_key
from byhand.checking.cells import in_cells
from byhand.checking.judging.blame import Blame
from byhand.checking.judging.convention import Convention
from byhand.checking.judging.trial import Trial
from byhand.checking.naming.name import name_mistakes
from byhand.checking.report import Report, Row
from byhand.checking.rows import report_of
from byhand.checking.summarise import steps_of
from byhand.program.call import call_of
from byhand.program.problem import UNPROMISED, Problem

UNNAMED = "the time didn't suffice to look for every name of a mistake: --timeout allows more"


@dataclass(frozen=True, eq=False)
class Assessment:
    """What the trials of a backward show, and the reports on it, each made when it is asked for.

    `problem` is that which was asked for; the trials may take some of its locals otherwise. `kept`
    is a convention of backward's own, `dtype` the type it ran in. `promised` is the report on what
    backward returns, where its other locals don't hold what they are called; then there is nothing
    to name.
    """

    problem: Problem
    trials: Sequence[Trial]
    blame: Blame
    kept: Convention | None
    dtype: str
    notes: tuple[str, ...]
    promised: Report | None = None

    @property
    def is_ok(self) -> bool:
        """Whether all is right; most of what isn't is known without a report."""
        return not self.blame.roots and self.shown.ok

    @property
    def has_mistakes(self) -> bool:
        """Whether there are mistakes to name."""
        return bool(self.blame.roots) and self.promised is None

    @property
    def quick(self) -> Report:
        """What is told before the mistakes are named, which takes most of the time."""
        return self._told(self.shown)

    @property
    def last(self) -> Report:
        """What is told in the end."""
        return self._told(self.known)

    @property
    def shown(self) -> Report:
        """Which gradients are wrong."""
        return self.promised or self.found

    @property
    def known(self) -> Report:
        """All that is known."""
        return self.named if self.has_mistakes else self.shown

    @cached_property
    def found(self) -> Report:
        """Which gradients are wrong, with locals as they are called."""
        return self._report(named=False)

    @cached_property
    def named(self) -> Report:
        """The same with the mistakes by name."""
        return self._report(named=True)

    def noting(self, note: str) -> Assessment:
        """The same with a note at the end."""
        promised = self.promised
        if promised is not None:
            promised = replace(promised, notes=(*promised.notes, note))
        return replace(self, notes=(*self.notes, note), promised=promised)

    @property
    def first(self) -> Trial:
        """The trial whose values are shown."""
        return next(trial for trial in self.trials if not trial.drawn.tied)

    def _report(self, named: bool) -> Report:
        with calmly(self.problem):
            mistakes = name_mistakes(self.trials, self.blame, roots=named)
            notes = self.notes if mistakes.in_time else (*self.notes, UNNAMED)
            return report_of(self.trials, self.blame, mistakes, self.kept, self.dtype, notes)

    def _told(self, report: Report) -> Report:
        problem, first = self.first.problem, self.first
        with calmly(problem):
            program = steps_of(first.drawn, first.answers, report.rows, problem.cells)
        written = _as_written(in_cells(report, problem.cells), problem)
        told = by_key(replace(written, program=program), problem.keyed)
        return replace(told, problem=self.problem)


@contextlib.contextmanager
def calmly(problem: Problem) -> Generator[None]:
    """Within it nothing warns of what isn't finite, which the report says, and JAX has float64."""
    with np.errstate(all="ignore"), problem.in_double():
        yield


def _as_written(report: Report, problem: Problem) -> Report:
    """With the names that the user's locals have, also of those that answer for nothing."""
    called = {**problem.called, **call_of(problem).called}

    def name(found: re.Match[str]) -> str:
        said = found[0].removeprefix(UNPROMISED) if found[1] else found[0]
        return called.get(said, said)

    def said(text: str) -> str:
        return re.sub(rf"\b({UNPROMISED}(?=d))?\w+", name, text)

    def of(row: Row) -> Row:
        if row.mistake is not None:
            row = replace(row, mistake=replace(row.mistake, message=said(row.mistake.message)))
        return row if row.note is None else replace(row, note=said(row.note))

    return replace(report, rows=tuple(map(of, report.rows)), notes=tuple(map(said, report.notes)))
