"""What can be done about a place in a text: explain a mistake, add a parameter, ask for a hint, see
how another gradient is derived."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from lsprotocol.types import (
    CodeAction,
    CodeActionKind,
    Command,
    Diagnostic,
    Range,
    TextEdit,
    WorkspaceEdit,
)

from byhand.checking.naming.mistakes import CODES
from byhand.checking.report import Part
from byhand.course.cells import given
from byhand.course.course import Exercise
from byhand.faces.lsp.texts import Piece, Text, range_of
from byhand.faces.lsp.verdict import CheckAnswer, Step
from byhand.values import tree

EXPLAIN, HINT, EXAMPLE = "byhand.explain", "byhand.hint", "byhand.example"
"""The commands behind the actions: of a mistake's code, of an exercise's file, of a file and a
name in it."""

_ADD = re.compile(r"forward has it: add (\w+) to backward's parameters")


def actions(
    verdict: CheckAnswer,
    exercise: Exercise | None,
    uri: str,
    at: Range,
    underlined: Sequence[Diagnostic],
) -> list[CodeAction]:
    """The actions at a range of a document, where so much is `underlined`."""
    return [
        *_about(verdict.text, uri, underlined),
        *(_hint(uri) if exercise is not None else ()),
        *_example(verdict, exercise, uri, at),
    ]


def _about(text: Text, uri: str, underlined: Sequence[Diagnostic]) -> Iterator[CodeAction]:
    piece = next(piece for piece in text.pieces if piece.uri == uri)
    for each in underlined:
        missing = _ADD.search(each.message)
        edit = missing and _with_parameter(text, piece, each.range.start.line + 1, missing[1])
        if missing and edit:
            yield CodeAction(
                f"byhand: add {missing[1]} to backward's parameters",
                CodeActionKind.QuickFix,
                [each],
                is_preferred=True,
                edit=WorkspaceEdit({uri: [edit]}),
            )
        if isinstance(each.code, str) and each.code in CODES:
            yield _command(f"explain {each.code}", EXPLAIN, each.code, about=[each])


def _with_parameter(text: Text, piece: Piece, line: int, name: str) -> TextEdit | None:
    """Puts a name into the signature of the function that a line is in, after the last parameter
    that has no default."""
    around = [
        node
        for node in ast.walk(piece.tree or ast.Module([], []))
        if isinstance(node, ast.FunctionDef)
        and "backward" in node.name
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    if not around:
        return None
    taken = around[-1].args
    plain = taken.args[: len(taken.args) - len(taken.defaults)]
    if plain:
        last = plain[-1]
        row, column, added = last.end_lineno or 0, last.end_col_offset or 0, f", {name}"
    else:
        row, column = around[-1].lineno, 0
        opened = re.search(r"def\s+\w+\s*\(", piece.lines[row - 1])
        if opened is None:
            return None
        more = taken.args or taken.vararg or taken.kwonlyargs or taken.kwarg
        column, added = opened.end(), f"{name}, " if more else name
        return TextEdit(_point(text, piece, row, column), added)
    column = len(piece.lines[row - 1].encode()[:column].decode())
    return TextEdit(_point(text, piece, row, column), added)


def _point(text: Text, piece: Piece, line: int, column: int) -> Range:
    return range_of(piece.lines, Part(line, column, line, column), text.codec)


def _hint(uri: str) -> Iterator[CodeAction]:
    yield _command("the next hint", HINT, uri)


def _example(
    verdict: CheckAnswer, exercise: Exercise | None, uri: str, at: Range
) -> Iterator[CodeAction]:
    """How the gradient of another name is derived; never of one that an exercise asks for."""
    piece = next(piece for piece in verdict.text.pieces if piece.uri == uri)
    line = piece.lines[at.start.line] if at.start.line < len(piece.lines) else ""
    written = {found[1] for found in re.finditer(r"\bd_?(\w+)", line)}
    for _, steps in verdict.reports:
        here = next((step for step in steps if tree.root(step["name"]) in written), None)
        if here is not None:
            other = _other(here, steps, written, exercise)
            if other is not None:
                said = f"show how d{other} is derived, as an example"
                yield _command(said, EXAMPLE, uri, other)
            return


def _other(
    here: Step, steps: Sequence[Step], written: set[str], exercise: Exercise | None
) -> str | None:
    """The name that makes the best example: one whose gradient comes back through the same ops, and
    in a course one whose gradient is given, if there is one."""
    asked = set[str]() if exercise is None else {*exercise.blanks.asked}
    there = set[str]() if exercise is None else {n[1:] for n in given(exercise.blanks)}
    others = [
        step
        for step in steps
        if step["name"].isidentifier()
        and step["gradient"] is not None
        and not step["returned"]
        and step["name"] not in asked | written
    ]
    used = _used_by(here, steps)

    def rank(step: Step) -> tuple[bool, bool]:
        return step["name"] not in there, not used & _used_by(step, steps)

    return min(others, key=rank)["name"] if others else None


def _used_by(step: Step, steps: Sequence[Step]) -> set[str]:
    """The ops of the steps that use a value."""
    place = next(i for i, each in enumerate(steps) if each is step)
    users = [each for each in steps if any(use["step"] == place for use in each["uses"])]
    return {op for user in users for op in user["op"].split(", ")}


def _command(
    said: str, command: str, *arguments: str, about: list[Diagnostic] | None = None
) -> CodeAction:
    return CodeAction(
        f"byhand: {said}",
        CodeActionKind.QuickFix,
        about,
        command=Command(said, command, arguments=[*arguments]),
    )
