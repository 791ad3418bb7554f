"""What is known of one name: of a gradient its verdict and the paths that reach it, of a value of
forward its shape and its numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lsprotocol.types import Hover, MarkupContent, MarkupKind, Position

from byhand.checking.report import Report, Row
from byhand.faces.lsp.verdict import CheckAnswer, Step
from byhand.rendering.report import wording
from byhand.values import tree

_GRADIENT = re.compile(r"d_?(\w+)|grad_(\w+)|(\w+?)_grad")
_MOST = 6
"""Rows of a list, and rows and columns of numbers, that are shown."""


def hover(verdict: CheckAnswer, uri: str, position: Position) -> Hover | None:
    """What to show of the name at a position; None where nothing is known of it."""
    word = verdict.text.word_at(uri, position)
    if word is None:
        return None
    name, where = word
    said = _said(verdict, name)
    if said is None:
        return None
    return Hover(MarkupContent(MarkupKind.Markdown, said), where)


def _said(verdict: CheckAnswer, name: str) -> str | None:
    found = _GRADIENT.fullmatch(name)
    of = found and (found[1] or found[2] or found[3])
    for report, steps in verdict.reports:
        if of is not None:
            rows = [row for row in report.rows if of in (row.name, tree.root(row.name))]
            if rows or any(step["name"] == of for step in steps):
                return "\n\n".join(_gradient(of, rows, report, steps))
        if values := [step for step in steps if name in (step["name"], tree.root(step["name"]))]:
            return "\n\n".join(_value(step) for step in values[:_MOST])
    return None


def _gradient(
    name: str, rows: Sequence[Row], report: Report, steps: Sequence[Step]
) -> Iterator[str]:
    for row in rows[:_MOST]:
        at_fault = wording.standing(row, row.name in report.roots) == "at fault"
        yield f"**{wording.headline([row])}**" if at_fault else _calm(row)
        if size := wording.shapes(row):
            yield f"shape {size}"
        if at_fault:
            yield from wording.details(row)
        if row.mismatch is not None and row.mismatch.absolute_at:
            yield f"the largest error is at {list(row.mismatch.absolute_at)}"
    if not rows:
        yield f"**d{name}** isn't written"
    for step in [step for step in steps if step["name"] == name][:_MOST]:
        if not rows:
            yield f"its shape is that of {name}: {wording.size(tuple(step['shape']))}"
        yield _paths(step, steps)


def _calm(row: Row) -> str:
    said = f"**{wording.gradient(row)}** is right"
    if row.verdict == "inherited":
        return f"{said} apart from what it was given"
    if row.verdict == "unjudged":
        return f"**{wording.gradient(row)}** can't be judged: {row.note}"
    return f"{said} ({wording.VERDICTS[row.verdict]})"


def _paths(step: Step, steps: Sequence[Step]) -> str:
    """The ways on which the gradient of a step comes back: one for each step that uses it."""
    place = next(i for i, each in enumerate(steps) if each is step)
    ways = [
        f"- from d{user['name']} {_size(user)}, {_where(user)}: {use['way_back']}"
        + (" (**this path is missing**)" if use["missing"] else "")
        for user in steps
        for use in user["uses"]
        if use["step"] == place
    ]
    if step["returned"]:
        ways.append("- forward returns it: its gradient is given")
    if not ways:
        return f"nothing uses {step['name']}: its gradient is zero"
    many = "one path" if len(ways) == 1 else f"{len(ways)} paths, which add up"
    return f"It comes back on {many}:\n\n" + "\n".join(ways)


def _value(step: Step) -> str:
    value, lines = step["value"], [f"**{step['name']}** {_size(step)}, {_where(step)}"]
    if step["source"]:
        lines.append(f"```python\n{step['source']}\n```")
    cells = value["cells"]
    small = value["whole"] and len(cells) <= _MOST and all(len(row) <= _MOST for row in cells)
    if small and cells:
        rows = "\n".join("  ".join(f"{cell:>9}" for cell in map(_number, row)) for row in cells)
        lines.append(f"```text\n{rows}\n```")
    elif value["lowest"] is not None:
        lines.append(f"from {_number(value['lowest'])} to {_number(value['highest'])}")
    return "\n\n".join(lines)


def _number(value: float | None) -> str:
    return "nan" if value is None else f"{value:.4g}"


def _size(step: Step) -> str:
    return wording.size(tuple(step["shape"]))


def _where(step: Step) -> str:
    if step["line"] is None:
        return "an input"
    return (
        f"line {step['line']}"
        if "cell" not in step
        else f"cell {step['cell']}, line {step['line']}"
    )
