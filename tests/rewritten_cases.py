"""Problem files that are rewritten as other libraries call a backward: what is the same for all.

`as_function.py` makes Functions of them, `as_custom_vjp.py` custom_vjps. Each row of a rewritten
backward knows its line in the problem file, so that verdicts and lines can be compared.
"""

from __future__ import annotations

import ast
import linecache
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import byhand
from byhand.checking.report import Report
from byhand.program.problem import load


class Rewritten(Protocol):
    @property
    def lines(self) -> Mapping[int, int]: ...

    def check(self) -> Report: ...


def rest_of(text: str, tree: ast.Module, but_for: Collection[ast.stmt]) -> list[str]:
    """The rows of a file but for some of its statements."""
    parts = [
        ast.get_source_segment(text, node, padded=True) or ""
        for node in tree.body
        if node not in but_for
    ]
    return "\n".join(parts).splitlines()


def executed(rows: Sequence[str], file: Path, kind: str) -> tuple[str, dict[str, Any]]:
    """The source of these rows, and what it makes; a report may quote its lines."""
    source = "\n".join(rows) + "\n"
    name = f"{file.with_suffix('')}-as-{kind}.py"
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    space: dict[str, Any] = {"__name__": file.stem, "__file__": name}
    exec(compile(source, name, "exec"), space)
    return source, space


def said(report: Report, lines: Mapping[int, int] | None = None) -> Any:
    """What a report blames: each root with its line in the problem file."""

    def line(name: str) -> int | None:
        found = report[name].line
        return found if lines is None or found is None else lines.get(found, -found)

    return report.ok, sorted((name, line(name)) for name in report.roots)


def compare(files: Sequence[Path], rewritten: Callable[[Path], Rewritten]) -> None:
    """Prints of each file whether it gets its verdict and its lines when it is rewritten."""
    different = 0
    for file in files:
        try:
            wanted = said(byhand.check(load(file)))
        except Exception as error:
            wanted = type(error).__name__
        start = time.perf_counter()
        try:
            case = rewritten(file)
            seen = said(case.check(), case.lines)
        except Exception as error:
            seen = f"{type(error).__name__}: {error}"
        taken = time.perf_counter() - start
        different += seen != wanted
        print(f"{file.stem}: {seen}, as a problem {wanted}  {taken:.1f} s")
    print(f"{len(files) - different} of {len(files)} as the problem files")
