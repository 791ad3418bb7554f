"""Slips with whole statements: not added, added twice, `=` for `+=`, in the wrong order."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence

from .in_expressions import Codes
from .scene import Scene
from .source import at, loads, targets

Changes = dict[int, ast.AST | list[ast.stmt]]


def in_statement(statement: ast.stmt) -> Iterator[tuple[str, Codes, ast.AST | list[ast.stmt]]]:
    match statement:
        case ast.AugAssign(target=target, op=op, value=value):
            codes: Codes = {"missing-path"}
            if isinstance(op, (ast.Mult, ast.Div)):
                codes = {"unnormalised", "factor", "missing-local"}
            elif not isinstance(value, ast.Constant):
                flipped = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
                yield "flipped sign", {"sign"}, ast.AugAssign(target, flipped, value)
                yield "added twice", {"double-path"}, [extra(statement), statement]
                if isinstance(op, ast.Add):
                    yield "= for +=", {"overwritten", "missing-path"}, ast.Assign([target], value)
            else:
                codes = {"missing-path", "unknown"}
            yield "no accumulation", codes, ast.Pass()
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="at"), args=[target, index, value])):
            place = ast.Subscript(target, index, ast.Store())
            yield "overwriting scatter", {"scatter"}, ast.AugAssign(place, ast.Add(), value)
            yield "= for +=", {"scatter", "overwritten"}, ast.Assign([place], value)
            yield "no accumulation", {"missing-path"}, ast.Pass()
        case _:
            pass


def reordered(block: Sequence[ast.stmt], scene: Scene) -> Iterator[tuple[ast.stmt, Changes]]:
    """A gradient that is read before its last share is added: the statement that reads it, and what
    to change."""
    for i, statement in enumerate(block):
        match statement:
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add() | ast.Sub()) if (
                name in scene.gradients
            ):
                late = [extra(statement)]
                gone: ast.AST | list[ast.stmt] = ast.Pass()
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.BinOp(left=left, op=ast.Add(), right=right)
            ) if name in scene.gradients:
                late = [extra(ast.AugAssign(ast.Name(name, ast.Store()), ast.Add(), right))]
                gone = ast.Assign(
                    [ast.Name(name, ast.Store())], ast.BinOp(left, ast.Add(), ast.Constant(0.0))
                )
            case _:
                continue
        for reader in block[i + 1 :]:
            if name in targets(reader):
                break
            if name in loads(reader):
                read = {t for t in targets(reader) if t in scene.gradients}
                if len(read) == 1 and len(targets(reader)) == 1:
                    changes: Changes = {
                        at(statement): gone,
                        at(reader): [copy.deepcopy(reader), *late],
                    }
                    yield reader, changes
                break


def extra(statement: ast.stmt) -> ast.stmt:
    """A statement besides those that the right backward has."""
    found = copy.deepcopy(statement)
    found.extra = True  # type: ignore[attr-defined]
    return found
