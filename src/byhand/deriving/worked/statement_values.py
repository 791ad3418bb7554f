"""What the statements of a function read and give, by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from byhand.program.statements import Function, Namespace, Returned, Statement
from byhand.values.arrays import Array, is_array, is_list, is_sequence, is_torch


def numbers(value: Any) -> Array | None:
    """A number or an array as an array; None for anything else."""
    if is_torch(value):
        value = value.detach().numpy()
    if isinstance(value, (int, float, np.generic)) or is_array(value):
        array = np.asarray(value)
        return array if array.dtype.kind in "fiub" else None
    return None


def copied(value: Any) -> Any:
    """A copy that later changes in place leave alone."""
    if is_sequence(value):
        return type(value)(copied(item) for item in value)
    if is_torch(value):
        return value.detach().clone()
    return value.copy() if is_array(value) else value


def given_names(statement: Statement, namespace: Namespace) -> list[str]:
    """The local values that a statement reads or changes."""
    found = [node.id for node in ast.walk(statement.node) if isinstance(node, ast.Name)]
    return [
        name
        for name in dict.fromkeys(found)
        if name in namespace
        and (is_sequence(namespace[name]) or numbers(namespace[name]) is not None)
    ]


def targets(statement: Statement, namespace: Namespace) -> Iterator[tuple[str, Any]]:
    """What a statement has given: names and their values, `hs[2]` for an item of a list."""
    match statement.node:
        case ast.Assign(targets=[target]) | ast.AugAssign(target=target):
            yield from _target(target, statement, namespace)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            yield from _target(target, statement, namespace)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr))) if (
            attr == "append" and is_list(namespace.get(name))
        ):
            yield f"{name}[{len(namespace[name]) - 1}]", namespace[name][-1]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr))) if (
            attr.endswith("_") and name in namespace
        ):
            yield name, namespace[name]  # PyTorch's methods that work in place
        case ast.Expr(value=ast.Call(args=[ast.Name(id=name), *_])):
            yield name, namespace[name]  # np.add.at(dC, X, demb)
        case _:
            return


def _target(
    target: ast.expr, statement: Statement, namespace: Namespace
) -> Iterator[tuple[str, Any]]:
    match target:
        case ast.Name(id=name):
            yield name, namespace[name]
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            for each in elts:
                yield from _target(each, statement, namespace)
        case ast.Subscript(value=ast.Name(id=name), slice=index) if is_list(namespace[name]):
            at = statement.evaluate(index, namespace)
            items = namespace[name]
            yield (f"{name}[{at % len(items)}]", items[at]) if type(at) is int else (name, items)
        case ast.Subscript(value=ast.Name(id=name)):
            yield name, namespace[name]
        case _:
            return


def unnamed(returned: Returned) -> ast.stmt | None:
    """The statement that names a number which forward returns without a name: the loss."""
    node = returned.node
    if node is None or isinstance(node, ast.Name) or numbers(returned.value) is None:
        return None
    named = ast.Assign([ast.Name("loss", ast.Store())], node)
    return ast.fix_missing_locations(ast.copy_location(named, node))


def counters_of(function: Function) -> set[str]:
    """The names that count the rounds of loops."""
    return {
        node.target.id
        for node in function.nodes
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name)
    }


def code_of(node: ast.stmt, text: str) -> str:
    """The statement as it stands in the text; written anew if it doesn't stand there as such."""
    found = ast.get_source_segment(text, node) or ""
    try:
        same = ast.dump(ast.parse(found)) == ast.dump(ast.Module([node], []))
    except SyntaxError:
        same = False
    return found if same else ast.unparse(node)
