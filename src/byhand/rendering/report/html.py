"""A report as HTML: a fragment for notebooks, and a page of its own.

All styles are inline, since notebooks drop style sheets, and no colour of the surroundings is
assumed: text takes theirs, and each verdict brings its own background.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from byhand.checking.report import Finding, Report, Row
from byhand.checking.summary import StepSummary
from byhand.rendering.live import PLAIN, LiveParts
from byhand.rendering.report import wording

_MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
_QUIET = "opacity:0.75"
_CELL = "padding:2px 14px 2px 0;text-align:left;border:0;background:none"
_NUMBER = "padding:2px 14px 2px 0;text-align:right;border:0;background:none"

_PIXELS = 8

_GREEN, _RED, _GREY = "#1a6e34", "#b3261e", "#5f6368"

_COLUMNS = (
    ("gradient", _CELL),
    ("line", _NUMBER),
    ("verdict", _CELL),
    ("shape", _CELL),
    ("error", _NUMBER),
    ("allowed", _NUMBER),
)

_OF_STEPS = (
    ("step", _CELL),
    ("line", _NUMBER),
    ("op", _CELL),
    ("shape", _CELL),
    ("from", _CELL),
    ("gradient", _CELL),
)


def page(*reports: Report, live: LiveParts = PLAIN) -> str:
    """A whole page, for `byhand check --html`; where it is `live`, the view takes its place."""
    title = escape(f"Check of {wording.clean(Path(reports[0].file).name)}")
    parts = [
        (f"<h2>{escape(report.name)}</h2>\n" if len(reports) > 1 else "")
        + fragment(report)
        + _steps(report)
        for report in reports
    ]
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en" style="color-scheme:light dark">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n{live.head}</head>\n"
        '<body style="max-width:56rem;margin:2rem auto;padding:0 1rem;'
        'font:16px/1.5 system-ui,sans-serif">\n'
        f'<main>\n<h1 style="font-size:1.4rem">{title}</h1>\n<div data-view>\n'
        + "\n".join(parts)
        + f"\n</div>\n</main>\n{live.foot}</body>\n</html>\n"
    )


def fragment(report: Report) -> str:
    """The report for a notebook's output cell."""
    parts = [_root(rows) for rows in wording.root_groups(report)]
    if report.rows:
        parts.append(_table(report))
    parts += [_finding(finding) for finding in wording.dangers(report)]
    if notes := wording.notes(report):
        items = "".join(f"<li>{escape(note)}</li>" for note in notes)
        parts.append(f'<ul style="margin:0.6em 0;padding-left:1.4em">{items}</ul>')
    parts.append(
        f'<p style="margin:0.6em 0 0"><strong>{escape(wording.summary(report))}</strong></p>'
        f'<p style="margin:0;{_QUIET}">{escape(wording.circumstances(report))}</p>'
    )
    if following := wording.next_step(report):
        parts.append(f'<p style="margin:0.3em 0 0">{escape(following)}</p>')
    return '<div style="color:inherit;overflow-x:auto">' + "\n".join(parts) + "</div>"


def _root(rows: list[Row]) -> str:
    row = rows[0]
    where = "" if row.line is None else f"{wording.place(row)}: "
    source = wording.clean(row.source)
    code = f'<code style="{_MONO};background:none;color:inherit">{_marked(source, row)}</code><br>'
    details = "<br>".join(escape(detail) for detail in wording.details(row))
    return (
        f'<div style="border-left:4px solid {_RED};padding:0 0 0 0.8em;margin:0 0 0.8em">'
        f"<strong>{escape(where + wording.headline(rows))}</strong><br>"
        f"{code if source else ''}{details}{_heat(row)}</div>"
    )


def _finding(finding: Finding) -> str:
    said = escape(wording.clean(f"{finding.name}: {finding.done}"))
    return (
        f'<div style="border-left:4px solid {_RED};padding:0 0 0 0.8em;margin:0.8em 0 0">'
        f"<strong>{said}</strong><br>{escape(wording.clean(finding.seen))}</div>"
    )


def _marked(source: str, row: Row) -> str:
    """The source line, underlined where the mistake stands."""
    if row.span is None:
        return escape(source)
    start, end = row.span
    before, part, after = (escape(s) for s in (source[:start], source[start:end], source[end:]))
    return f'{before}<span style="text-decoration:underline wavy {_RED}">{part}</span>{after}'


def _heat(row: Row) -> str:
    """A map of where the error sits: one square a cell, the redder the larger."""
    if row.heat is None or not row.heat[0]:
        return ""
    rows, columns = len(row.heat), len(row.heat[0])
    cells = "".join(
        f'<rect x="{x}" y="{y}" width="1" height="1" fill="{_RED}" fill-opacity="{cell:.2f}"/>'
        for y, line in enumerate(row.heat)
        for x, cell in enumerate(line)
        if cell
    )
    said = escape(f"where {wording.gradient(row)} is wrong")
    return (
        f'<br><svg role="img" aria-label="{said}" width="{columns * _PIXELS}" '
        f'height="{rows * _PIXELS}" viewBox="0 0 {columns} {rows}" style="margin-top:0.4em">'
        f"<title>{said}: rows down, columns across, the redder the larger the error</title>"
        f'<rect width="{columns}" height="{rows}" fill="{_GREY}" fill-opacity="0.15"/>{cells}</svg>'
    )


def _steps(report: Report) -> str:
    """Forward's steps, each with the gradient that comes back."""
    if not report.program:
        return ""
    rows = "\n".join(_step(step, report) for step in report.program)
    return f'\n<h2 style="font-size:1.1rem">Forward</h2>\n{_as_table(_OF_STEPS, rows)}'


def _step(step: StepSummary, report: Report) -> str:
    row = None if step.row is None else report.rows[step.row]
    verdict = "" if row is None else f"d{row.name} {wording.VERDICTS[row.verdict]}"
    cells = (
        f'<span style="{_MONO}">{escape(wording.clean(step.name))}</span>',
        "" if step.line is None else str(step.line),
        escape(step.op),
        escape(wording.size(step.shape)),
        escape(", ".join(use.name for use in step.uses)),
        escape(verdict),
    )
    return _as_row(cells, (style for _, style in _OF_STEPS))


def _table(report: Report) -> str:
    return _as_table(
        _COLUMNS, "\n".join(_row(row, row.name in report.roots) for row in report.rows)
    )


def _as_table(columns: Sequence[tuple[str, str]], body: str) -> str:
    head = "".join(
        f'<th scope="col" style="{style};font-weight:600">{name}</th>' for name, style in columns
    )
    return (
        '<table style="border-collapse:collapse;border:0;margin:0;font-size:inherit">'
        f'<thead><tr style="background:none">{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>'
    )


def _row(row: Row, root: bool) -> str:
    standing = wording.standing(row, root)
    mark, background = {
        "right": ("✓", _GREEN),
        "inherited": ("·", _GREY),
        "at fault": ("✗", _RED),
    }[standing]
    verdict = (
        f'<span style="background:{background};color:#fff;border-radius:3px;padding:0 6px;'
        f'white-space:nowrap">{mark} {wording.VERDICTS[row.verdict]}</span>'
    )
    cells = (
        f'<span style="{_MONO}">{escape(wording.gradient(row))}</span>',
        wording.short_place(row),
        verdict,
        escape(wording.shapes(row)),
        wording.number(row.max_error),
        wording.number(row.tolerance),
    )
    quiet = f";{_QUIET}" if standing == "inherited" else ""
    each = zip(cells, _COLUMNS, strict=True)
    styles = (f"{style}{quiet if cell is not verdict else ''}" for cell, (_, style) in each)
    return _as_row(cells, styles)


def _as_row(cells: Iterable[str], styles: Iterable[str]) -> str:
    each = zip(cells, styles, strict=True)
    row = "".join(f'<td style="{style}">{cell}</td>' for cell, style in each)
    return f'<tr style="background:none">{row}</tr>'
