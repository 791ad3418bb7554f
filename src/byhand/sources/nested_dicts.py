"""Nested dicts of parameters, `params["layer1"]["W"]`, as one dict with the keys `layer1_W`.

The gradients, `grads["layer1"]["dW"]` or `{"layer1": {"W": dW1}}`, get the same keys. Then the pair
is one with a dict like any other. Every statement keeps its line.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Mapping
from typing import Any

from byhand.sources.assemble import located
from byhand.sources.names import plain_name
from byhand.sources.signature import bound, elements, parameters, returns


def unnested(
    forward: ast.FunctionDef, backward: ast.FunctionDef
) -> tuple[ast.FunctionDef, ast.FunctionDef]:
    """The pair with flat dicts; the same where no parameter of forward is a nested one."""
    for name in parameters(forward):
        keys = _keys(name, forward)
        if keys:
            ends = {
                node.id
                for end in returns(backward)
                for node in elements(end.value)
                if isinstance(node, ast.Name)
            }
            return _flat(forward, {name}, keys), _flat(backward, {name, *ends}, keys)
    return forward, backward


def _keys(name: str, forward: ast.FunctionDef) -> set[str]:
    """The flat keys of the arrays that forward reads of a nested dict."""
    said = _Parts(forward, {name})
    found = {said.parts(node) for node in ast.walk(forward) if isinstance(node, ast.Subscript)}
    return {f"{each[1]}_{each[2]}" for each in found if each is not None and len(each) == 3}


def _flat(
    function: ast.FunctionDef, names: Collection[str], keys: Collection[str]
) -> ast.FunctionDef:
    return _Flattening(_Parts(function, names), keys).visit(copy.deepcopy(function))


class _Parts:
    """What an expression says of a nested dict: `("params", "layer1", "W")`.

    `aliases` are the locals that are a dict inside of one: `first = params["layer1"]`.
    """

    def __init__(self, function: ast.FunctionDef, names: Collection[str]) -> None:
        self.names = names
        self.aliases: Mapping[str, tuple[str, ...]] = {}
        looked_up = {held for node in ast.walk(function) if (held := _looked_up(node)) is not None}
        self.aliases = {
            local: parts
            for local in looked_up
            for values in [list(bound(local, function))]
            if len(values) == 1 and (parts := self.parts(values[0])) is not None and len(parts) == 2
        }

    def parts(self, node: ast.expr) -> tuple[str, ...] | None:
        match node:
            case ast.Name(id=name) if name in self.names:
                return (name,)
            case ast.Name(id=name):
                return self.aliases.get(name)
            case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
                held = self.parts(value)
                return None if held is None else (*held, key)
            case _:
                return None


def _looked_up(node: ast.AST) -> str | None:
    """The local in which something is looked up by a string."""
    match node:
        case ast.Subscript(value=ast.Name(id=held), slice=ast.Constant(value=str())):
            return held
        case _:
            return None


class _Flattening(ast.NodeTransformer):
    def __init__(self, said: _Parts, keys: Collection[str]) -> None:
        self.said, self.keys = said, keys

    def flat(self, outer: str, inner: str) -> str | None:
        """The flat key for two, where it is that of a parameter or of its gradient."""
        tried = (f"{a}_{b}" for a in (outer, plain_name(outer)) for b in (inner, plain_name(inner)))
        return next((key for key in tried if key in self.keys), None)

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        match self.said.parts(node):
            case (name, outer, inner) if (key := self.flat(outer, inner)) is not None:
                made = ast.Subscript(ast.Name(name, ast.Load()), ast.Constant(key), node.ctx)
                return ast.fix_missing_locations(ast.copy_location(made, node))
            case _:
                return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> Any:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name in self.said.aliases:
                return located(ast.Pass(), node)
            case ast.Assign(targets=[target], value=ast.Dict(keys=keys, values=values)) if (
                parts := self.said.parts(target)
            ) is not None and len(parts) == 2:
                return self.items(parts, keys, values, node)
            case _:
                return self.generic_visit(node)

    def items(
        self,
        parts: tuple[str, ...],
        keys: list[ast.expr | None],
        values: list[ast.expr],
        node: ast.stmt,
    ) -> list[ast.stmt]:
        """`grads["layer1"] = {"W": dW1}`, item by item."""
        made: list[ast.stmt] = []
        for key, value in zip(keys, values, strict=True):
            inner = key.value if isinstance(key, ast.Constant) else None
            flat = self.flat(parts[1], inner) if isinstance(inner, str) else None
            if flat is None:
                return [node]
            target = ast.Subscript(ast.Name(parts[0], ast.Load()), ast.Constant(flat), ast.Store())
            made.append(located(ast.Assign([target], self.visit(value)), value))
        return made or [located(ast.Pass(), node)]

    def visit_Dict(self, node: ast.Dict) -> Any:
        """`{"layer1": {"W": dW1}}`."""
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for outer, held in zip(node.keys, node.values, strict=True):
            if not (isinstance(outer, ast.Constant) and isinstance(held, ast.Dict)):
                return self.generic_visit(node)
            for inner, value in zip(held.keys, held.values, strict=True):
                said = inner.value if isinstance(inner, ast.Constant) else None
                flat = self.flat(str(outer.value), str(said))
                if flat is None:
                    return self.generic_visit(node)
                keys.append(ast.copy_location(ast.Constant(flat), value))
                values.append(self.visit(value))
        return ast.copy_location(ast.Dict(keys, values), node)
