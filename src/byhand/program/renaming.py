"""Other names for variables in a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Mapping


class Renamed(ast.NodeTransformer):
    """Puts `names[x]` where a variable x is read or written."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.copy_location(ast.Name(self.names.get(node.id, node.id), node.ctx), node)
