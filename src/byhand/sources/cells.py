"""The code of a notebook or a script as cells: one text, of which every line knows its cell.

Magics, shell lines and cells that aren't Python are left out, and said to be. A script has cells
where it has `# %%` lines; else it is one.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from byhand.errors import ProblemError
from byhand.program.problem import parsed

_MAGIC = re.compile(r"^\s*([%!]|\?|[^#'\"]*\?\s*$)")
_ASSIGNED_MAGIC = re.compile(r"^\s*[\w, ]+=\s*[%!]")


@dataclass(frozen=True)
class Cells:
    """`text` is the code of all cells, one after the other; `starts` are their first lines in it,
    none for a plain script. `notes` say what was left out."""

    text: str
    tree: ast.Module
    starts: tuple[int, ...]
    notes: tuple[str, ...]


def of_notebook(source: str, file: Path) -> Cells:
    """The code cells of a notebook. Raises ProblemError if it isn't one."""
    try:
        read: Any = json.loads(source)
        cells: list[Any] = read.get("cells") or [
            cell for sheet in read.get("worksheets", ()) for cell in sheet["cells"]
        ]
        codes = [_source(cell) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ProblemError(f"{file}: is not a notebook: {error}") from None
    if not codes:
        raise ProblemError(f"{file}: has no code cells")
    return _joined(codes, file)


def of_script(source: str, file: Path) -> Cells:
    """The statements of a script, which must be Python. Raises ProblemError if they aren't."""
    lines = source.splitlines(keepends=True)
    begins = first_lines(source)
    if not begins:
        return Cells(source, parsed(source, file), (), ())
    bounds = [*(line - 1 for line in begins), len(lines)]
    codes = ["".join(lines[a:b]) for a, b in pairwise(bounds)]
    return _joined(codes, file)


def first_lines(source: str) -> tuple[int, ...]:
    """The lines of a script on which its cells begin, from 1; none where it has no cells."""
    lines = source.splitlines()
    marks = [i for i, line in enumerate(lines, 1) if re.match(r"#\s*(%%|In\s*\[)", line)]
    return tuple(marks if marks[:1] in ([], [1]) else [1, *marks])


def of_texts(codes: list[str], file: Path) -> Cells:
    """Cells that were run in a session."""
    return _joined(codes, file)


def _source(cell: Any) -> str:
    held = cell.get("source", cell.get("input", ""))
    return held if isinstance(held, str) else "".join(held)


def _joined(codes: list[str], file: Path) -> Cells:
    lines: list[str] = []
    starts: list[int] = []
    body: list[ast.stmt] = []
    notes: list[str] = []
    for number, code in enumerate(codes, 1):
        starts.append(len(lines) + 1)
        own, left_out = _plain(code)
        try:
            tree = ast.parse("\n".join(own))
        except SyntaxError as error:
            notes.append(f"cell {number} is left out: it isn't Python ({error.msg})")
            own = ["" for _ in own]
        else:
            ast.increment_lineno(tree, len(lines))
            body += tree.body
            if left_out:
                notes.append(f"cell {number}: `{left_out[0]}` is left out")
        lines += own
    text = "\n".join(lines) + "\n"
    return Cells(text, ast.Module(body, []), tuple(starts), tuple(notes))


def _plain(code: str) -> tuple[list[str], list[str]]:
    """The lines of a cell without magics, and those that were left out."""
    lines = _dedented(code.split("\n"))
    if code.lstrip().startswith("%%"):
        first = code.lstrip().split("\n")[0]
        runs = re.match(r"%%(time|timeit|capture|prun|check)\b", first)
        if not runs:
            return ["" for _ in lines], [first]
    left_out: list[str] = []
    inside = _inside_strings(lines)
    for i, line in enumerate(lines):
        magic = _MAGIC.match(line) or _ASSIGNED_MAGIC.match(line)
        if magic and i not in inside and not _goes_on(lines, i):
            left_out.append(line.strip())
            indent = line[: len(line) - len(line.lstrip())]
            lines[i] = f"{indent}pass" if indent else ""
    return lines, left_out


def _dedented(lines: list[str]) -> list[str]:
    """The lines without the indent of the first, which notebooks allow."""
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    return [line.removeprefix(indent) for line in lines]


def _inside_strings(lines: list[str]) -> set[int]:
    """The lines that begin inside of a string in triple quotes."""
    found: set[int] = set()
    quote = ""
    for i, line in enumerate(lines):
        if quote:
            found.add(i)
        for mark in re.findall(r"\"\"\"|'''", line.split("#")[0] if not quote else line):
            quote = "" if quote == mark else quote or mark
    return found


def _goes_on(lines: list[str], i: int) -> bool:
    """Whether a line goes on with the one before: `% n` there is no magic."""
    before = lines[i - 1].rstrip() if i else ""
    text = "\n".join(lines[: i + 1])
    return before.endswith(("\\", ",", "(")) or text.count("(") > text.count(")")
