"""A sum taken apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator


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
