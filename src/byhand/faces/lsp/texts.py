"""What an editor has open: a file, or a notebook of several cells, as one text to be judged."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lsprotocol.types import Location, Position, Range
from pygls.workspace import PositionCodec

from byhand.checking.cells import place
from byhand.checking.report import Part, Report, Row
from byhand.errors import ByhandError
from byhand.sources.cells import first_lines, of_notebook, of_script
from byhand.sources.forms import is_problem_file


@dataclass(frozen=True)
class Piece:
    """A document of the editor: a file, or a cell."""

    uri: str
    version: int | None
    source: str

    @cached_property
    def lines(self) -> list[str]:
        """As Python and the protocol count them."""
        return self.source.split("\n")

    @cached_property
    def tree(self) -> ast.Module | None:
        try:
            return ast.parse(self.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def piece(uri: str, version: int | None, source: str) -> Piece:
    """A document, with the line ends that Python gives what it reads."""
    return Piece(uri, version, re.sub(r"\r\n?", "\n", source.removeprefix("\ufeff")))


@dataclass(frozen=True)
class Text:
    """What stands in the editor at one moment. `codec` knows how the client counts columns."""

    path: Path
    pieces: tuple[Piece, ...]
    notebook: bool
    codec: PositionCodec

    @cached_property
    def source(self) -> str:
        """What is judged: the text of a file, or a notebook with these cells."""
        if not self.notebook:
            return self.pieces[0].source
        cells = [{"cell_type": "code", "source": piece.source} for piece in self.pieces]
        return json.dumps({"cells": cells})

    @property
    def is_problem_file(self) -> bool:
        return not self.notebook and is_problem_file(self.source)

    @cached_property
    def _begins(self) -> tuple[int, ...]:
        """The lines on which the cells of a script begin."""
        return () if self.notebook else first_lines(self.source)

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        """The first lines of the cells in the text of all of them; none for a plain file."""
        read = of_notebook if self.notebook else of_script
        try:
            return read(self.source, self.path).starts
        except ByhandError:
            return ()

    def at(self, line: int, cell: int | None) -> tuple[Piece, int]:
        """The document in which a line of a report stands, and the line there, from 1."""
        if self.notebook and cell is not None and cell <= len(self.pieces):
            return self.pieces[cell - 1], line
        if cell is not None and cell <= len(self._begins):
            return self.pieces[0], self._begins[cell - 1] + line - 1
        return self.pieces[0], line

    def at_line(self, line: int) -> tuple[Piece, int]:
        """The same for a line of the text of all cells."""
        if not self._starts:
            return self.pieces[0], line
        cell, within = place(line, self._starts)
        return self.at(within, cell)

    def beginning(self, cell: int) -> Location:
        """The first line of a cell."""
        return self.of_line(*self.at(1, cell))

    def of_row(self, row: Row) -> Location:
        """Where a row's mistake stands: the part of its statement, or all of it."""
        part = row.part
        if part is None:
            return self.of_line(*self.at(row.line or 1, row.cell))
        piece, line = self.at(part.line, row.cell)
        return self._location(piece, part.further_down(line - part.line))

    def of_line(self, piece: Piece, line: int) -> Location:
        """The statement that begins on a line, or what stands on that line."""
        if piece.tree is not None:
            for node in ast.walk(piece.tree):
                if isinstance(node, ast.stmt) and node.lineno == line:
                    return self._location(piece, _statement(node, piece.lines))
        text = piece.lines[line - 1] if 0 < line <= len(piece.lines) else ""
        start = len(text) - len(text.lstrip())
        return self._location(piece, Part(line, start, line, max(start, len(text.rstrip()))))

    def of_backward(self, report: Report) -> Location:
        """The name of the function that a report is about; else the first line."""
        return self.backward(report) or self.of_line(self.pieces[0], 1)

    def backward(self, report: Report) -> Location | None:
        """The name of the function that a report is about: the one in which its rows stand."""
        for row in report.rows:
            if row.line is not None:
                piece, line = self.at(row.line, row.cell)
                if (around := _function_around(piece.tree, line)) is not None:
                    return self._named(piece, around)
                break
        return self.function(f"{report.name}_backward", report.name, "backward")

    def _named(self, piece: Piece, node: ast.FunctionDef) -> Location:
        start = piece.lines[node.lineno - 1].index(node.name, node.col_offset)
        return self._location(piece, Part(node.lineno, start, node.lineno, start + len(node.name)))

    def of_function(self, *names: str) -> Location:
        """The name of the first of these functions, or classes, that is defined; else the first
        line."""
        return self.function(*names) or self.of_line(self.pieces[0], 1)

    def function(self, *names: str) -> Location | None:
        """The name of the first of these functions, or classes, that is defined."""
        for name in names:
            sought = re.compile(rf"^[ \t]*(?:async )?(?:def|class) ({re.escape(name)})\b", re.M)
            for piece in self.pieces:
                if found := sought.search(piece.source):
                    before = piece.source[: found.start(1)]
                    line, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
                    return self._location(piece, Part(line, column, line, column + len(name)))
        return None

    def word_at(self, uri: str, position: Position) -> tuple[str, Range] | None:
        """The name at a position of a document."""
        for piece in self.pieces:
            if piece.uri == uri and position.line < len(piece.lines):
                at = self.codec.position_from_client_units(piece.lines, position).character
                for word in re.finditer(r"\w+", piece.lines[position.line]):
                    if word.start() <= at <= word.end():
                        line = position.line + 1
                        part = Part(line, word.start(), line, word.end())
                        return word[0], range_of(piece.lines, part, self.codec)
        return None

    def _location(self, piece: Piece, part: Part) -> Location:
        return Location(piece.uri, range_of(piece.lines, part, self.codec))


def range_of(lines: Sequence[str], part: Part, codec: PositionCodec) -> Range:
    """A part of a text as the client counts: lines from 0, columns in its units."""

    def position(line: int, column: int) -> Position:
        text = lines[line - 1] if 0 < line <= len(lines) else ""
        return Position(max(0, line - 1), codec.client_num_units(text[:column]))

    return Range(position(part.line, part.column), position(part.end_line, part.end_column))


def _function_around(tree: ast.Module | None, line: int) -> ast.FunctionDef | None:
    """The outermost function in which a line stands."""
    for node in ast.walk(tree or ast.Module([], [])):
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            return node
    return None


def _statement(node: ast.stmt, lines: Sequence[str]) -> Part:
    """Where a statement stands; of one with statements in it, the first line."""
    bytes_in = node.col_offset, node.end_col_offset or 0
    last = node.lineno if hasattr(node, "body") else node.end_lineno or node.lineno
    start = len(lines[node.lineno - 1].encode()[: bytes_in[0]].decode())
    if last != node.end_lineno:
        return Part(node.lineno, start, last, len(lines[last - 1].rstrip()))
    return Part(node.lineno, start, last, len(lines[last - 1].encode()[: bytes_in[1]].decode()))
