"""A backward that returns its gradients by the keys of a dict of parameters.

    def forward(params, x):                 def backward(params, x, dy):
        y = x @ params["W"]                     dparams = {}
                                                dW = x.T @ dy          dparams["W"] = x.T @ dy
                                                return {"W": dW}       return {"params": dparams}

What is written on the right is what is meant: so every gradient is a statement of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from typing import Any

from byhand.program.returned_dict import bound_once, has_inner_functions, taken
from byhand.program.statements import Function


@lru_cache(maxsize=1 << 6)
def keys_of_parameters(forward: Function) -> Mapping[str, str]:
    """The keys under which forward reads arrays of its parameters, each with the parameter; not
    those that several have, and none that is called like something else of forward."""
    found: dict[str, set[str]] = {}
    for node in forward.nodes:
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))) if (
                name in forward.parameters
            ):
                found.setdefault(key, set()).add(name)
            case _:
                pass
    return _of_one(found, forward)


def keys_of_dicts(forward: Function, given: Mapping[str, Any]) -> Mapping[str, str]:
    """The keys of the dicts that forward's parameters are, as `given`: it may read them under keys
    that it makes, such as `parameters["W" + str(layer)]`."""
    found: dict[str, set[str]] = {}
    for name in forward.parameters:
        value = given.get(name)
        for key in value if isinstance(value, dict) else ():  # pyright: ignore
            if isinstance(key, str):
                found.setdefault(key, set()).add(name)
    return _of_one(found, forward)


def _of_one(found: Mapping[str, set[str]], forward: Function) -> Mapping[str, str]:
    taken = {*forward.parameters, *forward.own}
    return {
        key: next(iter(names))
        for key, names in found.items()
        if len(names) == 1 and key not in taken
    }


def key_in(said: str, keys: Collection[str]) -> str | None:
    """The key that "W" and "dW" name; None if they name none."""
    return next((key for key in (said, said[1:]) if key in keys and said in (key, f"d{key}")), None)


def by_parameter(function: Function, keys: Mapping[str, str]) -> Function:
    """The backward, with what it returns by such keys in dicts that are called like gradients. What
    isn't plain stays as it is."""
    match function.body:
        case (*_, ast.Return(value=ast.Dict() as returned)):
            return _of_a_literal(function, returned, keys)
        case (*_, ast.Return(value=ast.Name(id=held))) if held not in function.parameters:
            return _of_a_local(function, held, keys)
        case _:
            return function


def _of_a_literal(function: Function, returned: ast.Dict, keys: Mapping[str, str]) -> Function:
    """`return {"W": dW, "b": dy.sum(0)}`."""
    *before, end = function.body
    stay: list[tuple[ast.expr | None, ast.expr]] = []
    go: list[tuple[str, str, ast.expr]] = []
    for key, value in zip(returned.keys, returned.values, strict=True):
        match key:
            case ast.Constant(value=str(said)) if (found := key_in(said, keys)) is not None:
                go.append((keys[found], found, value))
            case _:
                stay.append((key, value))
    dicts = {parameter: f"d{parameter}" for parameter, _, _ in go}
    if not go or {*dicts.values()} & taken(function):
        return function
    names = [value.id for _, _, value in go if isinstance(value, ast.Name)]
    items = {
        value.id: _item(dicts[parameter], key)
        for parameter, key, value in go
        if isinstance(value, ast.Name) and names.count(value.id) == 1
        if value.id in function.own and value.id not in function.parameters
        if bound_once(value.id, before) and not has_inner_functions(function)
    }
    made = [
        _assigned(ast.Name(local, ast.Store()), ast.Dict([], []), end) for local in dicts.values()
    ]
    made += [_AsItems(items).visit(deepcopy(node)) for node in before]
    made += [
        _assigned(_item(dicts[parameter], key, ast.Store()), _AsItems(items).visit(value), value)
        for parameter, key, value in deepcopy(go)
        if not (isinstance(value, ast.Name) and value.id in items)
    ]
    stayed = [_AsItems(items).visit(deepcopy(value)) for _, value in stay]
    held = [ast.Name(local, ast.Load()) for local in dicts.values()]
    whole = ast.Dict([*(key for key, _ in stay), *map(ast.Constant, dicts)], [*stayed, *held])
    return _with_body(function, made, whole, end, dicts.values())


def _of_a_local(function: Function, held: str, keys: Mapping[str, str]) -> Function:
    """`grads["W"] = ...` and `return grads`, where all its keys are such of one parameter."""
    *before, end = function.body
    said = [*_keys_said(before, held)]
    found = [None if each is None else key_in(each, keys) for each in said]
    parameters = {keys[key] for key in found if key is not None}
    if None in found or len(parameters) != 1:
        return function
    (parameter,) = parameters
    local = f"d{parameter}"
    if local != held and local in taken(function):
        return function
    made = [_Keys(held, local, keys).visit(deepcopy(node)) for node in before]
    whole = ast.Dict([ast.Constant(parameter)], [ast.Name(local, ast.Load())])
    return _with_body(function, made, whole, end, [local])


def _keys_said(body: Collection[ast.stmt], held: str) -> Iterator[str | None]:
    """The keys under which a dict is read and written; None for one that isn't a plain word."""
    for node in (part for each in body for part in ast.walk(each)):
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=index) if name == held:
                yield index.value if _is_word(index) else None  # pyright: ignore
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=said)) if name == held:
                yield from (k.value if _is_word(k) else None for k in said)  # pyright: ignore
            case _:
                pass


def _is_word(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _item(local: str, key: str, context: ast.expr_context | None = None) -> ast.Subscript:
    return ast.Subscript(ast.Name(local, ast.Load()), ast.Constant(key), context or ast.Load())


def _assigned(target: ast.expr, value: ast.expr, where: ast.AST) -> ast.stmt:
    return ast.fix_missing_locations(ast.copy_location(ast.Assign([target], value), where))


def _with_body(
    function: Function,
    body: Collection[ast.stmt],
    returned: ast.expr,
    end: ast.stmt,
    new: Collection[str],
) -> Function:
    last = ast.fix_missing_locations(ast.copy_location(ast.Return(returned), end))
    return replace(function, body=(*body, last), own=function.own | {*new})


class _AsItems(ast.NodeTransformer):
    """Puts an item of a dict where a local is read or written."""

    def __init__(self, items: Mapping[str, ast.Subscript]) -> None:
        self.items = items

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.items:
            return node
        item = deepcopy(self.items[node.id])
        item.ctx = node.ctx
        return ast.fix_missing_locations(ast.copy_location(item, node))


class _Keys(ast.NodeTransformer):
    """Calls a dict and its keys what they are the gradients of."""

    def __init__(self, held: str, local: str, keys: Collection[str]) -> None:
        self.held, self.local, self.keys = held, local, keys

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id != self.held:
            return node
        return ast.copy_location(ast.Name(self.local, node.ctx), node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(said))):
                if name == self.held:
                    node.slice = ast.copy_location(
                        ast.Constant(key_in(said, self.keys)), node.slice
                    )
            case _:
                pass
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=said) as value):
                if name == self.held:
                    value.keys = [*map(self._named, said)]
            case _:
                pass
        return self.generic_visit(node)

    def _named(self, said: ast.expr | None) -> ast.expr:
        assert isinstance(said, ast.Constant) and isinstance(said.value, str)
        return ast.copy_location(ast.Constant(key_in(said.value, self.keys)), said)
