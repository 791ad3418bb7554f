"""A report in a terminal: readable at 80 columns and without colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from byhand.checking.report import Finding, Report, Row
from byhand.rendering.report import wording

if TYPE_CHECKING:  # rich takes longer to import than a small check takes
    from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
    from rich.table import Table
    from rich.text import Text

COLUMNS = 80
NARROW = 60
"""With fewer columns the table tells neither shapes nor what rounding explains: a wrong root says
both."""

_MARKS: Mapping[wording.Standing, tuple[str, str]] = {
    "right": ("✓", "green"),
    "inherited": ("·", "dim"),
    "at fault": ("✗", "red"),
}


def plain(report: Report) -> str:
    """The report as text without colour, at most 80 columns wide."""
    from rich.console import Console

    console = Console(
        file=StringIO(), width=COLUMNS, color_system=None, force_jupyter=False, legacy_windows=False
    )
    with console.capture() as capture:
        console.print(render(report))
    return "\n".join(line.rstrip() for line in capture.get().rstrip().splitlines())


def render(report: Report) -> RenderableType:
    """The report for rich: the roots, the table, the notes, the summary, what to do next.

    In a terminal that is too low for all of it the first root comes last: that is what stays on the
    screen.
    """
    return _Fitted(report)


@dataclass(frozen=True)
class _Fitted:
    """A report that asks how high the terminal is."""

    report: Report

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        narrow = options.max_width < NARROW
        parts = _parts(self.report, narrow, first_root_last=False)
        if console.is_terminal and len(console.render_lines(parts, options)) >= console.height:
            parts = _parts(self.report, narrow, first_root_last=True)
        yield parts


def _parts(report: Report, narrow: bool, first_root_last: bool) -> Group:
    from rich.console import Group
    from rich.text import Text

    roots: list[RenderableType] = []
    groups = wording.root_groups(report)
    for rows in reversed(groups) if first_root_last else groups:
        roots += [*_root(rows), ""]
    others: list[RenderableType] = []
    if report.rows:
        others += [_table(report, narrow), ""]
    for finding in wording.dangers(report):
        others += [*_finding(finding), ""]
    if notes := wording.notes(report):
        others += [_bullets(notes), ""]
    parts = [*others, *roots] if first_root_last else [*roots, *others]
    parts.append(Text(wording.summary(report), style="bold"))
    parts.append(Text(wording.circumstances(report), style="dim"))
    if following := wording.next_step(report):
        parts.append(Text(following))
    return Group(*parts)


def _root(rows: list[Row]) -> list[RenderableType]:
    """Rows that are at fault: what is wrong, the line as it stands, what is known of the first."""
    from rich.padding import Padding
    from rich.text import Text

    row = rows[0]
    where = "" if row.line is None else f"{wording.place(row)}: "
    lines: list[RenderableType] = [Text(f"{where}{wording.headline(rows)}", style="bold red")]
    if row.source:
        lines.append(Padding(_Marked(wording.clean(row.source), row.span), (0, 0, 0, 4)))
    return lines + [Padding(Text(detail), (0, 0, 0, 2)) for detail in wording.details(row)]


def _finding(finding: Finding) -> list[RenderableType]:
    """A named danger: what was done, and what was seen."""
    from rich.padding import Padding
    from rich.text import Text

    done = Text(wording.clean(f"{finding.name}: {finding.done}"), style="bold red")
    return [done, Padding(Text(wording.clean(finding.seen)), (0, 0, 0, 2))]


@dataclass(frozen=True)
class _Marked:
    """A line of source with carets under a part of it, also where it takes several lines."""

    source: str
    span: tuple[int, int] | None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        width = max(options.max_width, 1)
        start, end = self.span or (0, 0)
        for at in range(0, len(self.source), width):
            yield Text(self.source[at : at + width], no_wrap=True)
            left, right = max(start, at), min(end, at + width)
            if left < right:
                yield Text(" " * (left - at) + "^" * (right - left), style="red", no_wrap=True)


def _table(report: Report, narrow: bool) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("gradient", overflow="fold")
    table.add_column("line", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    if not narrow:
        table.add_column("shape", overflow="fold")
    table.add_column("error", justify="right", no_wrap=True)
    if not narrow:
        table.add_column("allowed", justify="right", no_wrap=True)
    for row in report.rows:
        mark, name, line, verdict, shape, error, allowed = _cells(row, row.name in report.roots)
        kept = (error,) if narrow else (shape, error, allowed)
        table.add_row(mark, name, line, verdict, *kept)
    return table


def _bullets(notes: list[str]) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1, 0, 0))
    for note in notes:
        grid.add_row("-", Text(note))
    return grid


def _cells(row: Row, root: bool) -> list[Text]:
    from rich.text import Text

    standing = wording.standing(row, root)
    mark, colour = _MARKS[standing]
    style = "dim" if standing == "inherited" else ""
    return [
        Text(mark, style=colour),
        Text(wording.gradient(row), style=style),
        Text(wording.short_place(row), style=style),
        Text(wording.VERDICTS[row.verdict], style=colour),
        Text(wording.shapes(row), style=style),
        Text(wording.number(row.max_error), style=style),
        Text(wording.number(row.tolerance), style="dim"),
    ]
