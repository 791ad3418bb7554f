"""What a function returns, said as other statements."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any


def with_returns(
    body: Sequence[ast.stmt], instead: Callable[[ast.Return], list[ast.stmt]]
) -> list[ast.stmt]:
    """A body in which every `return` of its own is other statements."""
    return _Returns(instead).visit(ast.Module([*body], [])).body


class _Returns(ast.NodeTransformer):
    """Every `return` of a function, but for those of functions inside it, as other statements."""

    def __init__(self, instead: Callable[[ast.Return], list[ast.stmt]]) -> None:
        self.instead = instead

    def visit_Return(self, node: ast.Return) -> Any:
        return self.instead(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        return node
