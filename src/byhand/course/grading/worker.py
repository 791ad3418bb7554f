"""One submission to one exercise: from what was handed in to its marks."""

from __future__ import annotations

import pickle
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from byhand.course.cells import moved_line, moved_text
from byhand.course.grading import sandbox_bundle
from byhand.course.grading.confine import Limits
from byhand.course.grading.conversation import SandboxError
from byhand.course.grading.exam import Exam, sheet_of
from byhand.course.grading.mark import Mark, marks, nothing
from byhand.course.grading.notebooks import NOTEBOOK, first_lines
from byhand.course.grading.sandbox import Kind, Sandbox, find
from byhand.course.grading.sitting import Job
from byhand.course.grading.wire import HEADER, WireError, decode
from byhand.errors import CourseError
from byhand.version import __version__


@dataclass(frozen=True)
class Task:
    """What one student handed in for one exercise: a file's content, or why there is none.

    It is `further_down` by so many lines than in the cell of a notebook that it comes from.
    """

    student: str
    exam: Exam
    content: bytes | None
    refused: str
    limits: Limits
    kind: Kind = "auto"
    hidden: tuple[str, ...] = ()
    further_down: int = 0
    version: str = __version__


@dataclass(frozen=True)
class Advice:
    """What the check said of a mistake: words for the learner, not a verdict."""

    line: int | None
    code: str
    message: str
    cell: int | None = None


@dataclass(frozen=True)
class Outcome:
    """A task, graded. `reason` says why there are no values; `sandbox` what it ran in.

    Lines are those of the file that was handed in, or `in_cell` of a notebook, from its %%check.
    """

    student: str
    exercise: str
    marks: tuple[Mark, ...]
    reason: str | None = None
    advice: tuple[Advice, ...] = ()
    sandbox: str = ""
    in_cell: bool = False

    @property
    def points(self) -> int:
        return sum(mark.points for mark in self.marks)


Placed = TypeVar("Placed", Mark, Advice)


def grade(task: Task) -> Outcome:
    """Grades one submission. Raises SandboxError if it could not be run, CourseError if the
    exercise can't be graded."""
    exam = task.exam
    if task.version != __version__:
        raise CourseError(
            f"a machine of the cluster has byhand {__version__}, this one {task.version}: "
            "install the same on both"
        )
    if task.content is None:
        return Outcome(task.student, exam.id, nothing(exam.asked), task.refused)
    try:
        source = task.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Outcome(task.student, exam.id, nothing(exam.asked), "is not a text file")
    sheet = sheet_of(exam)
    sandbox = find(task.kind, task.hidden)

    def outcome(
        found: tuple[Mark, ...], reason: str | None = None, advice: tuple[Advice, ...] = ()
    ) -> Outcome:
        graded = Outcome(task.student, exam.id, found, reason, advice, sandbox.words)
        if exam.file.endswith(NOTEBOOK):
            return _in_cells(graded, first_lines(source))
        return _moved_up(graded, task.further_down) if task.further_down else graded

    job = Job(source, exam.file, task.limits, sandbox.readable, sheet.largest, exam.member)
    kit = sandbox_bundle.for_reading() if exam.member else sandbox_bundle.for_running()
    ended = sandbox.run(kit, job, sheet.sittings)
    if ended.message is None:
        return outcome(nothing(exam.asked, "error"), ended.reason)
    try:
        reply = decode(ended.message)
        if reply.error is not None:
            return outcome(nothing(exam.asked, "error"), reply.error)
        found = marks(sheet, reply)
    except WireError as error:
        return outcome(nothing(exam.asked, "error"), f"what it sent can't be used: {error}")
    written = [mark for mark in found if mark.verdict != "missing"]
    advice: tuple[Advice, ...] = ()
    if any(not mark.points for mark in written):
        advice = tuple(_advice(sandbox, job, exam))
    return outcome(found, None, advice)


def _in_cells(graded: Outcome, starts: Sequence[int]) -> Outcome:
    """The outcome with lines counted within the cells of a notebook, which begin at `starts`."""

    def placed(each: Placed) -> Placed:
        if each.line is None or not starts:
            return each
        cell = bisect(starts, each.line)
        return replace(each, line=each.line - starts[cell - 1] + 1, cell=cell)

    return replace(
        graded,
        marks=tuple(placed(mark) for mark in graded.marks),
        advice=tuple(placed(each) for each in graded.advice),
    )


def _moved_up(graded: Outcome, lines: int) -> Outcome:
    """The outcome with lines counted within the cell of a notebook."""
    return replace(
        graded,
        marks=tuple(
            replace(
                mark,
                line=moved_line(mark.line, lines),
                note=mark.note and moved_text(mark.note, lines),
            )
            for mark in graded.marks
        ),
        in_cell=True,
        reason=graded.reason and moved_text(graded.reason, lines),
        advice=tuple(
            replace(
                each, line=moved_line(each.line, lines), message=moved_text(each.message, lines)
            )
            for each in graded.advice
        ),
    )


def _advice(sandbox: Sandbox, job: Job, exam: Exam) -> Iterator[Advice]:
    """What the check says of the mistakes, as far as it can be read."""
    from byhand.checking.naming.mistakes import ORDER, code_of

    known = {code_of(module) for module in ORDER}
    asked: Any = exam.asked
    try:
        smaller = replace(job, largest=2 * HEADER)
        kit = sandbox_bundle.for_reading_advice() if job.member else sandbox_bundle.for_advising()
        ended = sandbox.run(kit, smaller, pickle.dumps(asked))
        if ended.message is None:
            return
        for run in decode(ended.message).runs[:1]:
            for _, value in list(run.items())[: 2 * len(exam.asked) + 10]:
                code, _, message = value.words.partition(": ")
                if code in known:
                    yield Advice(value.line, code, message)
    except (SandboxError, WireError):
        return  # its marks stand without
