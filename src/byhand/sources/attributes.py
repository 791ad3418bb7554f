"""What methods read and write as `self.W`, as names of their own."""

from __future__ import annotations

import ast
from collections.abc import Mapping


class AsNames(ast.NodeTransformer):
    """`self.W` as what `names` says for W; `met` are the names that were put in."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.met: set[str] = set()

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=attr) if attr in self.names:
                name = self.names[attr]
                self.met.add(name)
                return ast.copy_location(ast.Name(name, node.ctx), node)
            case _:
                self.generic_visit(node)
                return node
