"""A verdict as what an editor underlines: one mistake, one squiggle.

A root is an error, at the exact part that is wrong; what it spoilt is told beside it. Gradients
that are missing are one warning together. Notes, and what can't be judged, are for information.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from lsprotocol.types import (
    CodeDescription,
    Diagnostic,
    DiagnosticRelatedInformation,
    DiagnosticSeverity,
    Location,
)

from byhand.checking.report import Report, Row
from byhand.faces.lsp.pages import page_of
from byhand.faces.lsp.texts import Text
from byhand.faces.lsp.verdict import CheckAnswer, UncheckedProblem
from byhand.rendering.report import wording

Found = tuple[str, Diagnostic]
"""A diagnostic, with the document in which it stands."""


def diagnostics(verdict: CheckAnswer) -> dict[str, list[Diagnostic]]:
    """What there is to say of a text, for each of its documents; of a right one nothing."""
    said: dict[str, list[Diagnostic]] = {piece.uri: [] for piece in verdict.text.pieces}
    for uri, diagnostic in _all(verdict):
        if diagnostic not in said[uri]:  # several problems of a file may say the same of it
            said[uri].append(diagnostic)
    return said


def _all(verdict: CheckAnswer) -> Iterator[Found]:
    for each in verdict.unread:
        yield _unread(each, verdict.text)
    for report, _ in verdict.reports:
        yield from _of(report, verdict.text)


def _of(report: Report, text: Text) -> Iterator[Found]:
    groups = [rows for rows in wording.root_groups(report) if not _is_missing(rows[0])]
    inherited = [row for row in report.rows if row.verdict == "inherited"]
    for i, rows in enumerate(groups):
        beside = [_beside(row, text) for row in inherited] if i == 0 else []
        yield _row(rows, text, _ERROR, beside)
    told = {id(row) for rows in groups for row in rows}
    rest = [row for row in report.rows if id(row) not in told and not row.right]
    if missing := [row for row in rest if _is_missing(row)]:
        yield _missing(missing, report, text)
    for row in rest:
        if row.verdict != "inherited" and not _is_missing(row):
            unjudged = row.verdict == "unjudged"
            yield _row([row], text, _INFORMATION if unjudged else _ERROR)
    for finding in report.findings:
        severity = _ERROR if finding.wrong else _INFORMATION
        said = wording.finding_line(finding)
        yield _found(text.of_backward(report), said, severity, finding.name)
    for row in report.rows:
        if row.right and id(row) not in told and (note := _note(row)):
            said = f"{wording.gradient(row)}: {wording.clean(note)}"
            yield _found(text.of_row(row), said, _INFORMATION)
    for note in report.notes:
        if note.startswith("not tried at") or "--shape" in note:  # nothing can be done here
            continue
        yield _found(_place_of(note, report, text), note, _INFORMATION)


def _place_of(note: str, report: Report, text: Text) -> Location:
    """The line that a note begins with, or else the function that the report is about."""
    named = re.match(r"(?:cell (\d+))?(?:, |\b)(?:line (\d+))?\b", note)
    if named is None or not (named[1] or named[2]):
        return text.of_backward(report)
    return text.of_line(*text.at(int(named[2] or 1), int(named[1]) if named[1] else None))


def _note(row: Row) -> str:
    """What is to be known of a right row, and not only which of several of this name it is."""
    return "; ".join(n for n in (row.note or "").split("; ") if not n.startswith("binding "))


_ERROR, _WARNING = DiagnosticSeverity.Error, DiagnosticSeverity.Warning
_INFORMATION = DiagnosticSeverity.Information


def _row(
    rows: list[Row],
    text: Text,
    severity: DiagnosticSeverity,
    beside: Sequence[DiagnosticRelatedInformation] = (),
) -> Found:
    first = rows[0]
    code = None if first.mistake is None else first.mistake.code
    details = [line.removesuffix(f" ({code})") for line in wording.details(first)]
    said = wording.headline(rows)
    if details:
        said = "\n".join([f"{said}: {details[0]}", *details[1:]])
    return _found(text.of_row(first), said, severity, code or first.verdict, beside)


def _beside(row: Row, text: Text) -> DiagnosticRelatedInformation:
    said = f"{wording.gradient(row)} is right apart from what it was given"
    return DiagnosticRelatedInformation(text.of_row(row), said)


def _is_missing(row: Row) -> bool:
    """Whether a gradient isn't written, or is left open as `dx = ...`."""
    left_open = row.verdict == "error" and row.note is not None and "ellipsis" in row.note
    return row.verdict == "missing" or left_open


def _missing(rows: Sequence[Row], report: Report, text: Text) -> Found:
    """All that is missing, at the first place that is left for it, or else at backward."""
    said = wording.headline([replace(row, verdict="missing") for row in rows])
    blanks = [row for row in rows if row.line is not None]
    at = text.of_backward(report)
    if blanks:
        at = text.of_row(blanks[0])
    elif rows[0].cell is not None:
        at = text.beginning(rows[0].cell)
    others = [
        DiagnosticRelatedInformation(text.of_row(row), f"{wording.gradient(row)} is missing")
        for row in blanks[1:]
    ]
    return _found(at, said, _WARNING, "missing", others)


def _unread(unread: UncheckedProblem, text: Text) -> Found:
    """Why there is no verdict. A file that is no problem file may not be meant to have one."""
    cell = unread.cell
    said = re.fullmatch(rf"(?:{re.escape(unread.file)}(?::(\d+))?: )?(.*)", unread.error, re.S)
    assert said is not None
    if cell is not None:
        where = text.of_line(*text.at(int(said[1] or 1), cell))
    elif said[1]:
        where = text.of_line(*text.at_line(int(said[1])))
    else:
        where = text.of_function(unread.name, "backward")
    severity = _ERROR if text.is_problem_file or cell is not None else _INFORMATION
    return _found(where, f"can't be checked: {wording.clean(said[2])}", severity, "unread")


def _found(
    at: Location,
    said: str,
    severity: DiagnosticSeverity,
    code: str | None = None,
    beside: Sequence[DiagnosticRelatedInformation] = (),
) -> Found:
    page = None if code is None else page_of(code)
    return at.uri, Diagnostic(
        range=at.range,
        message=said,
        severity=severity,
        code=code,
        code_description=None if page is None else CodeDescription(page),
        source="byhand",
        related_information=[*beside] or None,
    )
