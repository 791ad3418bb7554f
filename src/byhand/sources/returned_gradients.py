"""A function that returns gradients alone, in a dict: `gradient(x, t)`, which goes forward and back
and ends with `grads["W1"] = x.T @ da1`, `return grads`.

It is one round of a training that takes these steps: `dW1 = x.T @ da1`, `W1 -= dW1`. Parameters may
be in a dict, `params["W1"]`, too.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence

from byhand.sources.assemble import located, statement
from byhand.sources.assigned import pairs
from byhand.sources.flow import binds, reads
from byhand.sources.names import plain_name
from byhand.sources.signature import returns


def as_round(function: ast.FunctionDef) -> list[ast.stmt] | None:
    """The statements of a function with a step for each gradient that it returns; None where it
    returns something else."""
    match [end.value for end in returns(function)], function.body[-1]:
        case [ast.Name(id=grads)], ast.Return():
            body = function.body[:-1]
        case [ast.Dict()], ast.Return() as end:
            grads, target = "grads", ast.Name("grads", ast.Store())
            assert end.value is not None
            body = [*function.body[:-1], located(ast.Assign([target], end.value), end)]
        case _:
            return None
    found = [made for node in body for made in _written(copy.deepcopy(node), grads)]
    names = [name for node in found for name in binds(node) if name.startswith("d")]
    keys = {plain_name(name) for name in names}
    held = {name for node in found for name in _holders(node, keys)}
    if not keys or any(grads in reads(node) for node in found):
        return None
    free = [_Free(held).visit(node) for node in found]
    ends = {name: node for node in free for name in binds(node)}
    steps = [statement(f"{n} -= d{n}", ends[f"d{n}"]) for n in sorted(keys) if f"d{n}" in ends]
    read = {name for node in free for name in reads(node)}
    if not steps or any(plain_name(f"d{n}") not in read for n in keys if f"d{n}" in ends):
        return None
    return [*(node for node in free if not _says_nothing(node)), *steps]


def _written(node: ast.stmt, grads: str) -> Iterator[ast.stmt]:
    """A statement with `dW1` for `grads["W1"]`, and for each item of a dict that is one."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys, values=values)) if (
            name == grads
        ):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    of = f"d{plain_name(key.value)}"
                    if ast.unparse(value) != of:
                        yield located(ast.Assign([ast.Name(of, ast.Store())], value), value)
        case _:
            yield _GradientItems(grads).visit(node)


class _GradientItems(ast.NodeTransformer):
    """`grads["W1"]` and `grads["dW1"]` as dW1."""

    def __init__(self, grads: str) -> None:
        self.grads = grads

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))) if (
                name == self.grads
            ):
                return ast.copy_location(ast.Name(f"d{plain_name(key)}", node.ctx), node)
            case _:
                return node


def _holders(node: ast.stmt, keys: set[str]) -> Iterator[str]:
    """The dicts that parameters are taken from by the names that gradients have."""
    for part in ast.walk(node):
        match part:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))):
                if key in keys:
                    yield name
            case _:
                pass


class _Free(ast.NodeTransformer):
    """`params["W1"]` as W1."""

    def __init__(self, held: set[str]) -> None:
        self.held = held

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))) if (
                name in self.held
            ):
                return ast.copy_location(ast.Name(key, node.ctx), node)
            case _:
                return node


def _says_nothing(node: ast.stmt) -> bool:
    """`W1, W2 = W1, W2`, which took them from a dict."""
    if not isinstance(node, ast.Assign):
        return False
    both: Sequence[tuple[ast.expr, ast.expr]] = [*pairs(node.targets[0], node.value)]
    return all(ast.unparse(one) == ast.unparse(other) for one, other in both)
