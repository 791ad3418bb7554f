"""An exercise in a notebook: a cell holds what is to be written, and nothing else.

The rest of the learner's copy is put around the cell when it is checked.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import replace

from byhand.checking.report import Report, Row
from byhand.course.blanks import TURN, Blanks


def cell_of(blanks: Blanks) -> str:
    """The lines from the first blank to the last, as they stand at the margin."""
    lines, first, last = _region(blanks)
    return textwrap.dedent("\n".join(lines[first : last + 1]))


def around(blanks: Blanks, cell: str) -> tuple[str, int]:
    """The file to check for a cell, and by how many lines the cell is further down in it.

    A cell that holds a backward of its own is a whole file.
    """
    if re.search(r"^def backward\b", cell, re.M):
        return cell, 0
    lines, first, last = _region(blanks)
    indent = re.match(r"\s*", lines[first])
    written = textwrap.indent(textwrap.dedent(cell.strip("\n")), indent[0] if indent else "")
    skipped = len(cell) - len(cell.lstrip("\n"))  # empty lines above the first
    return "\n".join([*lines[:first], written, *lines[last + 1 :]]), first - skipped


def moved_up(report: Report, lines: int) -> Report:
    """The report with lines counted within the cell."""
    return replace(
        report,
        rows=tuple(_moved_row(row, lines) for row in report.rows),
        notes=tuple(moved_text(note, lines) for note in report.notes),
        program=tuple(replace(s, line=moved_line(s.line, lines)) for s in report.program),
    )


def moved_line(line: int | None, lines: int) -> int | None:
    """The line counted within the cell; none for one above it."""
    return None if line is None or line <= lines else line - lines


def moved_text(text: str, lines: int) -> str:
    """A text with the lines that it names counted within the cell."""

    def moved(found: re.Match[str]) -> str:
        line = int(found[2]) - lines
        return f"{found[1]}{line}" if line > 0 else found[0]

    return re.sub(r"(\blines? |\.py:)(\d+)", moved, text)


def setting(blanks: Blanks) -> str:
    """What stands above backward in the learner's copy: imports, inputs, helpers, forward."""
    lines = blanks.source.split("\n")
    body = ast.parse(blanks.source).body
    there = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    start = (body[0].end_lineno or 0) if there else 0
    return "\n".join(lines[start : _backward(blanks).lineno - 1]).strip("\n")


def statements(blanks: Blanks) -> str | None:
    """What stands above backward as statements at the top of a notebook, so that forward's values
    are there: its inputs, drawn once, its body, and what backward has before the first blank. None
    where they can't stand alone."""
    source = setting(blanks)
    tree = ast.parse(source)
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    forward = next(node for node in found if node.name == "forward")
    ends = [node for node in ast.walk(forward) if isinstance(node, ast.Return)]
    if len(ends) != 1 or ends[0] is not forward.body[-1] or not isinstance(ends[0].value, ast.Name):
        return None
    lines = source.split("\n")
    body = forward.body[ast.get_docstring(forward) is not None :]
    above = "\n".join(lines[: forward.lineno - 1]).strip("\n")
    inner = textwrap.dedent("\n".join(lines[body[0].lineno - 1 : ends[0].lineno - 1]))
    names = [arg.arg for arg in forward.args.args]
    drawn = f"{', '.join(names)} = (values[name] for name in {' '.join(names)!r}.split())"
    if len(names) == 1:
        drawn = f"{names[0]} = values[{names[0]!r}]"
    below = "\n".join(lines[forward.end_lineno or 0 :]).strip("\n")
    first = _region(blanks)[1] + 1
    known = {node.id for node in ast.walk(forward) if isinstance(node, ast.Name)} | {*names}
    there = {ast.unparse(node) for node in body}
    more: list[str] = []  # such as rows, but no gradient
    for node in _backward(blanks).body:
        if (node.end_lineno or 0) < first and isinstance(node, ast.Assign):
            read = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
            if read <= known and ast.unparse(node) not in there:
                more.append(ast.unparse(node))
    parts = [
        above,
        below,
        f"values = inputs(np.random.default_rng(0))\n{drawn}",
        inner.rstrip(),
        "\n".join(more),
    ]
    return "\n\n".join(part for part in parts if part)


def given(blanks: Blanks) -> tuple[str, ...]:
    """The names that a cell may use: backward's parameters, and what it has computed before."""
    backward, first = _backward(blanks), _region(blanks)[1] + 1
    names = [arg.arg for arg in (*backward.args.args, *backward.args.kwonlyargs)]
    for node in ast.walk(backward):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.lineno < first:
            names.append(node.id)
    return tuple(dict.fromkeys(names))


def task(blanks: Blanks) -> str:
    """The docstring of the learner's copy without its first line, the title."""
    return (ast.get_docstring(ast.parse(blanks.source)) or "").partition("\n")[2].strip()


def _region(blanks: Blanks) -> tuple[list[str], int, int]:
    lines = blanks.source.split("\n")
    found = [number for number, line in enumerate(lines) if line.endswith(TURN)]
    return lines, found[0], found[-1]


def _backward(blanks: Blanks) -> ast.FunctionDef:
    body = ast.parse(blanks.source).body
    return next(n for n in body if isinstance(n, ast.FunctionDef) and n.name == "backward")


def _moved_row(row: Row, lines: int) -> Row:
    mistake = row.mistake
    if mistake is not None:
        mistake = replace(mistake, message=moved_text(mistake.message, lines))
    note = None if row.note is None else moved_text(row.note, lines)
    part = None if row.part is None else row.part.further_down(-lines)
    return replace(row, line=moved_line(row.line, lines), part=part, mistake=mistake, note=note)
