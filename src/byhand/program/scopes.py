"""Whose name is it? The names that a function binds, and those it takes from outside.

A function that is run statement by statement has one namespace, the globals of every function that
is defined in it: its inner functions. So what one of these declares `nonlocal` is a global for it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache
from typing import TypeAlias

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

WRITE_INTO = {"at", "copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"}
"""Functions that write into what they are given first."""

_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def all_names(node: ast.AST) -> set[str]:
    """All names that stand in a part of a program."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def stored_names(node: ast.AST) -> list[str]:
    """The names that it binds, in the order in which they stand there."""
    parts = (part for part in ast.walk(node) if isinstance(part, ast.Name))
    return [part.id for part in parts if isinstance(part.ctx, ast.Store)]


def root_name(expression: ast.expr) -> str | None:
    """`d` of `d`, `d[i]`, `d.T` and `d[i].real`; None for what isn't rooted in a name."""
    while isinstance(expression, (ast.Subscript, ast.Attribute, ast.Starred)):
        expression = expression.value
    return expression.id if isinstance(expression, ast.Name) else None


def own_parts(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a function's body that are in its own scope: not in that of one inside it, nor
    what a comprehension binds."""
    for part in ast.iter_child_nodes(node):
        if isinstance(node, ast.comprehension) and part is node.target:
            continue
        yield part
        if not isinstance(part, _SCOPES):
            yield from own_parts(part)


def own_statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements of a function and those inside them, but for those of a function inside it."""
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.stmt):
            yield part
        if isinstance(part, _BLOCKS) and not isinstance(part, _SCOPES):
            yield from own_statements(part)


@lru_cache(maxsize=1 << 12)
def bound_names(function: Definition) -> frozenset[str]:
    """The names that are local to a function: its parameters, and what its body binds."""
    found: set[str] = set()
    declared: set[str] = set()
    for part in own_parts(function):
        match part:
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name):
                found.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
            case ast.MatchMapping(rest=str(name)) | ast.ExceptHandler(name=str(name)):
                found.add(name)
            case ast.alias(name=name, asname=asname):
                found.add(asname or name.partition(".")[0])
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                declared.update(names)
            case _:
                pass
    return frozenset(found - declared)


@lru_cache(maxsize=1 << 12)
def without_nonlocals(node: ast.stmt) -> ast.stmt:
    """A statement in which a function inside it that declares a name `nonlocal` finds it among its
    globals, unless the statement itself has that name in a function further out."""
    if not any(isinstance(part, ast.Nonlocal) for part in ast.walk(node)):
        return node
    return _Globals().visit(deepcopy(node))


class _Globals(ast.NodeTransformer):
    def __init__(self) -> None:
        self.around: list[frozenset[str]] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.around.append(bound_names(node))
        node = self.generic_visit(node)  # pyright: ignore[reportAssignmentType]
        self.around.pop()
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> list[ast.stmt]:
        known = frozenset[str]().union(*self.around[:-1])
        inner = [name for name in node.names if name in known]
        outer = [name for name in node.names if name not in known]
        made: list[ast.stmt] = []
        if inner:
            made.append(ast.copy_location(ast.Nonlocal(inner), node))
        if outer:
            made.append(ast.copy_location(ast.Global(outer), node))
        return made


def mark_inner_functions(function: Definition) -> None:
    """Notes at every statement of a function which of its inner functions it may call, itself or by
    way of others: those that it mentions."""
    inner: dict[str, list[Definition]] = {}
    for part in own_parts(function):
        match part:
            case ast.FunctionDef(name=name):
                inner.setdefault(name, []).append(part)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value):
                inner.setdefault(name, []).append(value)
            case _:
                pass
    if not inner:
        return
    for part in own_parts(function):
        if isinstance(part, ast.stmt) and not isinstance(part, _SCOPES):
            setattr(part, _MARK, _mentioned(part, inner))


def inner_functions(node: ast.stmt) -> tuple[Definition, ...]:
    """The inner functions that a statement may call."""
    return getattr(node, _MARK, ())


def _mentioned(node: ast.AST, inner: dict[str, list[Definition]]) -> tuple[Definition, ...]:
    found: list[Definition] = []
    todo: list[ast.AST] = [node]
    while todo:
        for part in ast.walk(todo.pop()):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                new = [each for each in inner.get(part.id, ()) if each not in found]
                found += new
                todo += new
    return tuple(found)


_MARK = "inner_functions"


@lru_cache(maxsize=1 << 12)
def walruses(node: ast.AST) -> tuple[str, ...]:
    """The names that `(name := ...)` binds in a statement or an expression."""
    if isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
        return ()  # a namespace of its own
    found = [name for part in ast.iter_child_nodes(node) for name in walruses(part)]
    if isinstance(node, ast.NamedExpr):
        found.append(node.target.id)
    return tuple(dict.fromkeys(found))
