"""What a statement reads and writes, as far as its text tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from byhand.program.scopes import (
    WRITE_INTO,
    Definition,
    bound_names,
    inner_functions,
    own_parts,
    root_name,
    walruses,
)

_OF_LISTS = {"append", "extend", "insert", "reverse"}


@lru_cache(maxsize=1 << 12)
def touched_names(node: ast.stmt) -> Mapping[str, bool | None]:
    """The names a statement may write: True where it binds the name anew, False where it changes
    what the name holds (an item, `+=`), None where it only hands it to a call, as one does that
    calls an inner function which may write the name."""
    names: dict[str, bool | None] = {}
    for part in ast.walk(node):
        match part:
            case ast.Call(func=func, args=args, keywords=keywords):
                if isinstance(func, ast.Attribute):
                    _hand_over(func.value, names)
                for arg in [*args, *(k.value for k in keywords)]:
                    _hand_over(arg, names)
                for name in map(root_name, _written_by(part)):
                    if name is not None:
                        names[name] = False
            case _:
                pass
    for part in _of_its_own(node):
        match part:
            case ast.Name(id=name, ctx=ast.Store()):
                names[name] = True
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                name = root_name(part)
                if name is not None:
                    names[name] = False
            case _:
                pass
    match node:
        case ast.AugAssign(target=ast.Name(id=name)):
            names[name] = False
        case _:
            pass
    for name in reached_names(node):
        names.setdefault(name, None)
    return names


@lru_cache(maxsize=1 << 12)
def reached_names(node: ast.stmt) -> frozenset[str]:
    """The names that the inner functions which a statement may call may write."""
    return frozenset[str]().union(*map(_reach, inner_functions(node)))


@lru_cache(maxsize=1 << 12)
def names_within(node: ast.stmt, name: str) -> frozenset[str]:
    """The names that `(name := ...)` binds in the expression of which a statement makes a name."""
    for part in ast.walk(node):
        match part:
            case ast.NamedExpr(target=ast.Name(id=bound), value=value) if bound == name:
                return frozenset(walruses(value))
            case _:
                pass
    return frozenset(walruses(node))


@lru_cache(maxsize=1 << 12)
def filled_names(node: ast.stmt) -> frozenset[str]:
    """The names of what may be a list that a statement puts something into, or turns around."""
    found: set[str] = set()
    for part in ast.walk(node):
        match part:
            case ast.Call(func=ast.Attribute(attr=method, value=ast.Name(id=name))) if (
                method in _OF_LISTS
            ):
                found.add(name)
            case _:
                pass
    return frozenset(found)


@lru_cache(maxsize=1 << 10)
def _reach(function: Definition) -> frozenset[str]:
    own, found = bound_names(function), set[str]()
    for part in own_parts(function):
        match part:
            case ast.stmt():
                found.update(touched_names(part))
            case ast.FunctionDef():
                found |= _reach(part)
            case _:
                pass
    if isinstance(function, ast.Lambda):
        found.update(touched_names(ast.Expr(function.body)))
    return frozenset(found - own)


def _written_by(call: ast.Call) -> list[ast.expr]:
    """The arguments that a call is known to write into, whether they end up different or not."""
    written = [keyword.value for keyword in call.keywords if keyword.arg == "out"]
    match call:
        case ast.Call(func=ast.Attribute(attr=name), args=[first, *_]) if name in WRITE_INTO:
            written.append(first)
        case ast.Call(func=ast.Attribute(attr=name, value=value)) if name.endswith("_"):
            written.append(value)  # PyTorch's methods, such as index_add_
        case _:
            pass
    return written


def _of_its_own(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a statement, but for what has names of its own: functions inside it, and what
    comprehensions run over."""
    yield node
    match node:
        case ast.FunctionDef() | ast.Lambda() | ast.ClassDef():
            return
        case ast.comprehension(iter=iterable, ifs=conditions):
            parts = iter([iterable, *conditions])
        case _:
            parts = ast.iter_child_nodes(node)
    for part in parts:
        yield from _of_its_own(part)


@lru_cache(maxsize=1 << 12)
def loaded_names(node: ast.stmt) -> tuple[tuple[str, ast.expr | None], ...]:
    """The names a statement reads, each with the index it is read at, if it is read at one."""
    found: list[tuple[str, ast.expr | None]] = []
    indexed: set[ast.expr] = set()
    for part in ast.walk(node):
        match part:
            case ast.Subscript(value=ast.Name(id=name, ctx=ast.Load()) as whole, slice=index):
                if isinstance(part.ctx, ast.Load):
                    found.append((name, index))
                indexed.add(whole)
            case ast.Name(id=name, ctx=ast.Load()) if part not in indexed:
                found.append((name, None))
            case _:
                pass
    for function in inner_functions(node):
        found += [(name, None) for name in _free_names(function)]
    return tuple(found)


@lru_cache(maxsize=1 << 10)
def _free_names(function: Definition) -> tuple[str, ...]:
    """The names that an inner function reads, but for its own."""
    own, found = bound_names(function), dict[str, None]()
    for part in own_parts(function):
        match part:
            case ast.Name(id=name, ctx=ast.Load()):
                found[name] = None
            case ast.FunctionDef() | ast.Lambda():
                found |= dict.fromkeys(_free_names(part))
            case _:
                pass
    return tuple(name for name in found if name not in own)


def _hand_over(expression: ast.expr, names: dict[str, bool | None]) -> None:
    name = root_name(expression)
    if name is not None:
        names.setdefault(name, None)
