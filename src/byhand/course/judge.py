"""A learner's file, checked for what the exercise asks: the report on these gradients alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

from byhand.checking.check import stages
from byhand.checking.report import Report, Row
from byhand.checking.summary import StepSummary
from byhand.course.blanks import is_blank
from byhand.program.problem import Problem, load
from byhand.program.trace import trace_problem
from byhand.values import tree

UNREAD = "isn't judged yet: it reads a gradient that is still to be written"


def judge(file: str | Path, asked: Sequence[str], referee: str = "engine") -> Report:
    """Checks a file for the gradients of the names in `asked`.

    What is left as `dprobs = ...` is missing. Raises ProblemError as `check` does.
    """
    return judge_problem(load(file), asked, referee)


def judge_problem(problem: Problem, asked: Sequence[str], referee: str = "engine") -> Report:
    """Checks a problem that is loaded for the gradients of the names in `asked`."""
    *_, last = judge_in_stages(problem, asked, referee)
    return last


def judge_in_stages(
    problem: Problem, asked: Sequence[str], referee: str = "engine"
) -> Iterator[Report]:
    """The report as soon as it is known which lines are wrong; and if there are any, once more with
    the mistakes by name."""
    backward = _backward(problem)
    blanks = {} if backward is None else _blanks(backward)
    if problem.tree is not None and backward is not None and blanks:
        # A blank that nothing reads yet need not be run: the check would look for its mistake.
        read = {n.id for n in ast.walk(backward) if isinstance(n, ast.Name) and _loaded(n)}
        unread = [node for name, node in blanks.items() if name not in read]
        problem = replace(problem, tree=_without(problem.tree, unread))
    lines = {name[1:]: node.lineno for name, node in blanks.items()}
    for report in stages(problem, referee=referee):
        found = restricted_to(report, asked, lines)
        missing = any(row.verdict == "missing" for row in found.rows)
        yield _with_shapes(found, problem) if missing else found


def restricted_to(
    report: Report, asked: Sequence[str], blanks: Mapping[str, int] | None = None
) -> Report:
    """The report on the names in `asked`, and on whatever else is at fault.

    `blanks` are the lines of those that aren't written yet.
    """
    blanks = blanks or {}
    names = set(asked)
    rows: list[Row] = []
    places: dict[int, int] = {}  # of the rows that stay, by where they were
    for place, row in enumerate(report.rows):
        if row.verdict == "missing" or _root(row) in blanks:
            continue
        if blanks and _root(row) not in names and _reads_a_blank(row):
            continue
        if _root(row) in names:
            places[place] = len(rows)
            rows.append(_waiting(row) if row.verdict == "inherited" else row)
        elif row.name in report.roots or not (row.right or row.verdict == "inherited"):
            places[place] = len(rows)
            rows.append(row)
    there = {_root(row) for row in rows}
    missing = {n: len(rows) + i for i, n in enumerate(n for n in asked if n not in there)}
    rows += [Row(n, "missing", line=blanks.get(n)) for n in missing]
    kept = {row.name for row in rows if row.verdict != "missing"}
    return replace(
        report,
        rows=tuple(rows),
        roots=tuple(name for name in report.roots if name in kept),
        notes=tuple(note for note in report.notes if not note.startswith("not tried at")),
        program=tuple(
            replace(
                step,
                row=missing.get(tree.root(step.name), places.get(_place(step))),
                uses=tuple(
                    replace(
                        use,
                        missing=tree.root(use.name) in missing
                        or (use.missing and _place(report.program[use.step]) in places),
                    )
                    for use in step.uses
                ),
            )
            for step in report.program
        ),
    )


def _place(step: StepSummary) -> int:
    """Where its row is; -1 for none."""
    return -1 if step.row is None else step.row


def _with_shapes(report: Report, problem: Problem) -> Report:
    """The report, where missing rows say which shape is expected."""
    forward = trace_problem(problem, problem.inputs())
    rows = [
        replace(row, expected_shape=forward[row.name].shape)
        if row.verdict == "missing" and row.name in forward
        else row
        for row in report.rows
    ]
    return replace(report, rows=tuple(rows))


def _waiting(row: Row) -> Row:
    """An inherited row that read a blank, without what Python says about `...`."""
    return replace(row, note=UNREAD) if _reads_a_blank(row) else row


def _reads_a_blank(row: Row) -> bool:
    """Whether this is what Python says when it computes with `...`."""
    return row.note is not None and "ellipsis" in row.note


def _root(row: Row) -> str:
    return tree.root(row.name)


def _backward(problem: Problem) -> ast.FunctionDef | None:
    body = problem.tree.body if problem.tree is not None else []
    found = [n for n in body if isinstance(n, ast.FunctionDef) and n.name == "backward"]
    return found[-1] if found else None


def _blanks(backward: ast.FunctionDef) -> dict[str, ast.stmt]:
    """The blanks that are still there, by the local they leave to be written.

    `dhs[t] = ...` in a loop leaves all of `dhs`.
    """
    return {
        target.id: node
        for node in ast.walk(backward)
        if isinstance(node, ast.Assign) and is_blank(node)
        for target in map(_base, node.targets)
        if isinstance(target, ast.Name) and target.id.startswith("d")
    }


def _base(target: ast.expr) -> ast.expr:
    return target.value if isinstance(target, ast.Subscript) else target


def _loaded(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Load)


def _without(tree: ast.Module, statements: Iterable[ast.stmt]) -> ast.Module:
    """A tree with `pass` in the place of these statements."""
    gone = {(statement.lineno, statement.col_offset) for statement in statements}

    class Leave(ast.NodeTransformer):
        def visit_Assign(self, node: ast.Assign) -> ast.stmt:
            at = (node.lineno, node.col_offset)
            return ast.copy_location(ast.Pass(), node) if at in gone else node

    return Leave().visit(deepcopy(tree))
