"""A report as the message of a failed test: the lines that PyTorch's `assert_close` begins with,
for the first gradient to mend, then the report."""

from __future__ import annotations

from byhand.checking.report import Mismatch, Report, Row
from byhand.rendering.report import wording
from byhand.rendering.report.text import plain


def failure(report: Report) -> str:
    """What a test that fails says."""
    return "\n".join([*first_lines(report), "", plain(report)])


def first_lines(report: Report) -> list[str]:
    """How many elements are wrong, and where the greatest differences are."""
    row = _first(report)
    if row is None:
        return [wording.in_short(report)]
    headline = wording.headline([row])
    match row:
        case Row(verdict="shape", shape=shape, expected_shape=expected):
            return [f"{headline}: {wording.size(shape)} != {wording.size(expected)}"]
        case Row(mismatch=Mismatch() as found):
            return [f"{wording.gradient(row)} is not close!", "", *_lines(found)]
        case _:
            return [headline]


def _first(report: Report) -> Row | None:
    """The first gradient to mend."""
    at_fault = [row for row in report.rows if not row.right and row.verdict != "inherited"]
    return next(iter([*wording.root_rows(report), *at_fault]), None)


def _lines(found: Mismatch) -> list[str]:
    share = f"{100 * found.wrong / found.total:.1f}%"
    return [
        f"Mismatched elements: {found.wrong} / {found.total} ({share})",
        f"Greatest absolute difference: {found.absolute!r}{_at(found.absolute_at)}",
        f"Greatest relative difference: {found.relative!r}{_at(found.relative_at)}",
    ]


def _at(index: tuple[int, ...]) -> str:
    return f" at index {index}" if index else ""
