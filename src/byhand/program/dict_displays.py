"""Dicts of gradients in the forms that people write, as the one that is taken apart.

    g = dict(W=x.T @ dy)               g = {"W": x.T @ dy}
    return {**g, "b": dy.sum(0)}       g["b"] = dy.sum(0); return g

`g | {"b": ...}`, `dict(zip(("W", "b"), (0, 0)))` and `dict.fromkeys(("W", "b"), 0)` as well.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache

from byhand.program.returned_dict import bound_once
from byhand.program.statements import Function


@lru_cache(maxsize=1 << 6)
def in_displays(function: Function) -> Function:
    """A backward whose dicts are written out, and that returns one of its own as it is."""
    if not function.body or "dict" in {*function.own, *function.globals, *function.closure}:
        return function
    *body, end = (_Displays().visit(deepcopy(node)) for node in function.body)
    match end:
        case ast.Return(value=value) if value is not None and (found := _added_to(value, body)):
            held, more = found
            items = zip(more.keys, more.values, strict=True)
            body += [_item(held, key, each) for key, each in items if key is not None]
            end.value = ast.copy_location(ast.Name(held, ast.Load()), value)
        case _:
            pass
    return replace(function, body=(*body, end))


def _added_to(value: ast.expr, body: Sequence[ast.stmt]) -> tuple[str, ast.Dict] | None:
    """The dict of backward's own that is returned with more items, and these."""
    match value:
        case ast.Dict(keys=[None, *keys], values=[ast.Name(id=held), *values]):
            more = ast.Dict(keys, values)
        case ast.BinOp(left=ast.Name(id=held), op=ast.BitOr(), right=ast.Dict() as more):
            pass
        case _:
            return None
    plain = all(isinstance(key, ast.Constant) for key in more.keys)
    return (held, more) if plain and _is_made_here(held, body) else None


def _is_made_here(held: str, body: Sequence[ast.stmt]) -> bool:
    """Whether a name is bound to a dict that is written out, and to nothing else."""
    starts = [
        node
        for node in body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        if any(isinstance(target, ast.Name) and target.id == held for target in node.targets)
    ]
    return len(starts) == 1 and len(starts[0].targets) == 1 and bound_once(held, body)


def _item(held: str, key: ast.expr, value: ast.expr) -> ast.stmt:
    target = ast.Subscript(ast.Name(held, ast.Load()), key, ast.Store())
    return ast.fix_missing_locations(ast.copy_location(ast.Assign([target], value), value))


class _Displays(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        shown = _display(node)
        return node if shown is None else ast.copy_location(shown, node)


def _display(call: ast.Call) -> ast.Dict | None:
    match call:
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            words = [ast.Constant(k.arg) if k.arg is not None else None for k in keywords]
            return _written(words, [k.value for k in keywords], call)
        case ast.Call(
            func=ast.Name(id="dict"),
            args=[
                ast.Call(
                    func=ast.Name(id="zip"),
                    args=[
                        ast.Tuple(elts=keys) | ast.List(elts=keys),
                        ast.Tuple(elts=values) | ast.List(elts=values),
                    ],
                )
            ],
            keywords=[],
        ) if len(keys) == len(values):
            return _written(keys, values, call)
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="dict"), attr="fromkeys"),
            args=[ast.Tuple(elts=keys) | ast.List(elts=keys), ast.Constant() as one],
        ):  # of an array, all keys would have the same one
            return _written(keys, [deepcopy(one) for _ in keys], call)
        case _:
            return None


def _written(
    keys: Sequence[ast.expr | None], values: Sequence[ast.expr], where: ast.expr
) -> ast.Dict | None:
    if any(isinstance(each, ast.Starred) for each in (*keys, *values)):
        return None
    for key in keys:
        if key is not None and not hasattr(key, "lineno"):
            ast.copy_location(key, where)
    return ast.Dict([*keys], [*values])
