"""What an expression says at a glance."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def added_terms(expression: ast.expr) -> Iterator[ast.expr]:
    """What is added up: of `a + b - c`, a and b."""
    match expression:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from added_terms(left)
            yield from added_terms(right)
        case ast.BinOp(left=left, op=ast.Sub()):
            yield from added_terms(left)
        case _:
            yield expression
