"""Steps of a training that compute the prediction where they compare it with the labels."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Sequence
from typing import Any

from byhand.sources.assemble import assign
from byhand.sources.flow import reads

PREDICTION = "prediction"


def predicted(
    statements: Sequence[ast.stmt], label: str, parameters: Collection[str]
) -> list[ast.stmt]:
    """Statements that compare with the labels what they compute themselves, `X.T @ (X @ w - y)`,
    after one that computes the prediction."""
    place = next((i for i, s in enumerate(statements) if reads(s) & {*parameters}), 0)
    for part in ast.walk(ast.Module([*statements[place : place + 1]], [])):
        match part:
            case ast.BinOp(left=ast.Name(id=name), op=ast.Sub(), right=value) if name == label:
                pass
            case ast.BinOp(left=value, op=ast.Sub(), right=ast.Name(id=name)) if name == label:
                pass
            case _:
                continue
        if reads(value) & {*parameters} and not isinstance(value, ast.Name):
            calling = _Called(ast.unparse(value), PREDICTION)
            rest: list[ast.stmt] = [calling.visit(copy.deepcopy(each)) for each in statements]
            rest.insert(place, assign(PREDICTION, value, value))
            return rest
    return [*statements]


class _Called(ast.NodeTransformer):
    """A name for an expression, wherever it stands."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and ast.unparse(node) == self.text:
            return ast.copy_location(ast.Name(self.name, ast.Load()), node)
        return self.generic_visit(node)
