"""What a function returns, said as other statements."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from byhand.program.scopes import bound_names
from byhand.sources.assemble import located
from byhand.sources.signature import elements, parameters, returns


def with_returns(
    body: Sequence[ast.stmt], instead: Callable[[ast.Return], list[ast.stmt]]
) -> list[ast.stmt]:
    """A body in which every `return` of its own is other statements."""
    return _Returns(instead).visit(ast.Module([*body], [])).body


def with_answers(
    body: Sequence[ast.stmt], answers: Callable[[ast.Return], list[ast.stmt]]
) -> list[ast.stmt]:
    """A body that leaves in locals what it returned, and runs nothing more after that."""

    def leave(end: ast.Return) -> ast.stmt:
        return ast.copy_location(ast.Pass() if end is body[-1] else ast.Return(None), end)

    return with_returns(body, lambda end: [*answers(end), leave(end)])


def unpacked(
    function: ast.FunctionDef, functions: Mapping[str, ast.FunctionDef]
) -> ast.FunctionDef:
    """A function that returns what another one of `functions` does, `return affine_backward(da,
    cache)`, as one that returns each of these results by its name there."""

    def instead(node: ast.Return) -> list[ast.stmt]:
        match node.value:
            case ast.Call(func=ast.Name(id=name)) if name in functions and name != function.name:
                results = _results(functions[name], taken)
            case _:
                results = []
        if len(results) < 2:
            return [node]
        targets: list[ast.expr] = [ast.Name(each, ast.Store()) for each in results]
        loads: list[ast.expr] = [ast.Name(each, ast.Load()) for each in results]
        assert node.value is not None
        return [
            located(ast.Assign([ast.Tuple(targets, ast.Store())], node.value), node),
            located(ast.Return(ast.Tuple(loads, ast.Load())), node),
        ]

    taken = {*parameters(function), *bound_names(function)}
    ends = [end for end in returns(function) if isinstance(end.value, ast.Call)]
    if not ends:
        return function
    made = copy.deepcopy(function)
    made.body = with_returns(made.body, instead)
    return made


def _results(function: ast.FunctionDef, taken: set[str]) -> list[str]:
    """The names of what a function returns, none that is `taken`."""
    names: list[str] = []
    for i, each in enumerate(elements(returns(function)[-1].value) if returns(function) else ()):
        name = each.id if isinstance(each, ast.Name) else f"result_{i}"
        names.append(f"{name}_{i}" if name in taken else name)
    return names


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
