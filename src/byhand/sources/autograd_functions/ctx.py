"""What a Function leaves in its `ctx`, as locals that backward can ask for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from byhand.errors import ProblemError
from byhand.sources.assemble import assign, located

HELD = "held__"
"""The input that holds the arguments of forward that are no tensors, by name."""
NEEDS = "needs_input_grad"
SAVED = "saved_tensors"
_SAVING = {"save_for_backward": SAVED, "save_for_forward": "saved_for_forward"}
_SAID = {"mark_non_differentiable", "mark_dirty", "set_materialize_grads"}


@dataclass(frozen=True)
class Held:
    """Arguments that are no tensors: one value, which nothing looks into."""

    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


class CtxAsLocals(ast.NodeTransformer):
    """What is left in `ctx` as locals: `ctx.eps` as `ctx__eps`, the saved tensors as a tuple."""

    def __init__(self, ctx: str, called: Callable[[str], str]) -> None:
        self.ctx, self.called = ctx, called
        self.stored: dict[str, None] = {}

    def visit_Expr(self, node: ast.Expr) -> Any:
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=held), attr=attr), args=args) if (
                held == self.ctx and attr in _SAVING
            ):
                self.stored[self.called(_SAVING[attr])] = None
                values = [self.visit(each) for each in args]
                return assign(self.called(_SAVING[attr]), ast.Tuple(values, ast.Load()), node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=held), attr=attr), args=args) if (
                held == self.ctx and attr in _SAID
            ):
                values = [self.visit(each) for each in args]
                return located(ast.Expr(ast.Tuple(values, ast.Load())), node)
            case _:
                return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id == self.ctx:
            name = self.called({"saved_variables": SAVED}.get(node.attr, node.attr))
            if not isinstance(node.ctx, ast.Load):
                self.stored[name] = None
            return ast.copy_location(ast.Name(name, node.ctx), node)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id == self.ctx:
            raise ProblemError(f"line {node.lineno} hands {self.ctx} on")
        return node
