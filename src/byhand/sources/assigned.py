"""What each target of an assignment is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """`(N, D), M = x.shape, w.shape[1]` as its parts."""
    match target, value:
        case (ast.Tuple(elts=targets), ast.Tuple(elts=values)) if len(targets) == len(values):
            for one, other in zip(targets, values, strict=True):
                yield from pairs(one, other)
        case _:
            yield target, value
