"""A report on a notebook: lines counted in their cells, in the rows and wherever one is said."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from byhand.checking.report import Report, Row


def in_cells(report: Report, starts: Sequence[int]) -> Report:
    """The report with every line as a cell and a line in it. `starts` are the cells' first lines
    in the text of all of them; cells are counted from 1."""
    if not starts:
        return report
    rows = tuple(_row(row, starts) for row in report.rows)
    return replace(report, rows=rows, notes=tuple(said(note, starts) for note in report.notes))


def place(line: int, starts: Sequence[int]) -> tuple[int, int]:
    """The cell that a line of the whole text is in, and the line in the cell."""
    cell = max(1, bisect_right(starts, line))
    return cell, line - starts[cell - 1] + 1


def said(text: str, starts: Sequence[int]) -> str:
    """A message with `line 41` as `cell 5, line 3`."""

    def there(match: re.Match[str]) -> str:
        cell, line = place(int(match[1]), starts)
        return f"cell {cell}, line {line}"

    return re.sub(r"\blines? (\d+)\b(?! of)", there, text)


def _row(row: Row, starts: Sequence[int]) -> Row:
    mistake = row.mistake
    if mistake is not None:
        mistake = replace(mistake, message=said(mistake.message, starts))
    note = None if row.note is None else said(row.note, starts)
    row = replace(row, mistake=mistake, note=note)
    if row.line is None:
        return row
    cell, line = place(row.line, starts)
    part = None if row.part is None else row.part.further_down(line - row.line)
    return replace(row, cell=cell, line=line, part=part)
