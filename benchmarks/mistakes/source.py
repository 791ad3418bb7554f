"""A problem file as text to be edited: its backward as a syntax tree whose nodes can be found
again."""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "src/byhand/zoo", ROOT / "tests/problems")
NO_PROBLEM = {"__init__", "layers"}


@dataclass(frozen=True, eq=False)
class Source:
    """A problem file; `backward` numbers every node of its backward in the attribute `at`."""

    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        tree = ast.parse(self.text)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == "backward":
                number(node)
        return tree

    @cached_property
    def module(self) -> ModuleType:
        module = ModuleType(self.path.stem)
        module.__file__ = str(self.path)
        exec(compile(self.text, str(self.path), "exec"), module.__dict__)
        return module

    @cached_property
    def forward(self) -> ast.FunctionDef:
        return self.function("forward")

    @cached_property
    def backward(self) -> ast.FunctionDef:
        return self.function("backward")

    def function(self, name: str) -> ast.FunctionDef:
        return next(n for n in self.tree.body if isinstance(n, ast.FunctionDef) and n.name == name)

    @cached_property
    def dimensions(self) -> dict[str, int]:
        parameters = list(inspect.signature(self.module.inputs).parameters.values())[1:]
        return {p.name: p.default for p in parameters}

    def with_backward(self, backward: ast.FunctionDef) -> str:
        """The text of the file with another backward."""
        lines = self.text.splitlines()
        first, last = self.backward.lineno, self.backward.end_lineno or 0
        return "\n".join([*lines[: first - 1], ast.unparse(backward), *lines[last:]]) + "\n"


def sources() -> list[Source]:
    """Every problem of the zoo and of the tests that has a hand-written backward with
    statements."""
    files = [f for folder in FOLDERS for f in sorted(folder.glob("*.py"))]
    found = [Source(f, f.read_text()) for f in files if f.stem not in NO_PROBLEM]
    return [
        s
        for s in found
        if "\ndef backward(" in s.text
        and "    return {" not in s.text.partition("\ndef backward(")[2]
    ]


def number(function: ast.FunctionDef) -> None:
    for i, node in enumerate(ast.walk(function)):
        node.at = i  # type: ignore[attr-defined]


def at(node: ast.AST) -> int:
    return getattr(node, "at", -1)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The simple statements, in order, also those in loops and branches."""
    for node in body:
        match node:
            case ast.For(body=inner, orelse=other) | ast.While(body=inner, orelse=other):
                yield from statements([*inner, *other])
            case ast.If(body=inner, orelse=other):
                yield from statements([*inner, *other])
            case ast.FunctionDef() | ast.Return() | ast.Pass():
                pass
            case ast.Expr(value=ast.Constant()):
                pass
            case _:
                yield node


def replaced(
    function: ast.FunctionDef, edits: Mapping[int, ast.AST | list[ast.stmt]]
) -> ast.FunctionDef:
    """A copy with other nodes in place of those with these numbers; a statement may become
    several."""

    class Exchange(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            if at(node) in edits:
                return copy.deepcopy(edits[at(node)])
            return self.generic_visit(node)

    found: ast.FunctionDef = Exchange().visit(copy.deepcopy(function))
    return ast.fix_missing_locations(found)


def blocks(function: ast.FunctionDef) -> Iterator[list[ast.stmt]]:
    """Every list of statements that stand one after the other."""
    for node in ast.walk(function):
        for field in ("body", "orelse"):
            body = getattr(node, field, None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                yield body


def targets(statement: ast.stmt) -> list[str]:
    """The names that a statement writes to, itself or in place."""
    match statement:
        case ast.Assign(targets=found):
            return [n for target in found for n in _stored(target)]
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return _stored(target)
        case ast.Expr(value=ast.Call(args=[first, *_], keywords=keywords)):
            out = [k.value for k in keywords if k.arg == "out"]
            return _stored(out[0] if out else first)
        case _:
            return []


def _stored(target: ast.expr) -> list[str]:
    match target:
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            return [n for e in elts for n in _stored(e)]
        case ast.Subscript(value=value) | ast.Attribute(value=value) | ast.Starred(value=value):
            return _stored(value)
        case ast.Name(id=name):
            return [name]
        case _:
            return []


def loads(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
