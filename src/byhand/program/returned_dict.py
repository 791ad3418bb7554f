"""A backward that returns its gradients in a dict, as one that leaves each in a local.

    grads["W"] = x.T @ dy          dW = x.T @ dy
    return grads                   return {**grads, "W": dW}

Then every gradient is a statement that can be judged alone.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Container, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache

from byhand.program.expressions import is_name
from byhand.program.renaming import Renamed
from byhand.program.statements import Function


@dataclass(frozen=True, eq=False)
class SpelledOut:
    """The function with locals; `called` says what each of these is in the file."""

    function: Function
    called: Mapping[str, str]


@lru_cache(maxsize=1 << 6)
def spelled_out(function: Function, known: frozenset[str]) -> SpelledOut:
    """A backward whose gradients are locals; `known` are the names of forward's values. What isn't
    plain stays as it is: a dict that is handed to a function, or filled in a loop."""
    match function.body:
        case (*_, ast.Return(value=ast.Name(id=held))) if held not in function.parameters:
            function, items = _without_items(function, held, known)
        case _:
            items = {}
    match function.body:
        case (*_, ast.Return(value=ast.Dict())):
            function, names = _renamed(function, known)
        case _:
            names = {}
    return SpelledOut(_with_locals(function, known), {**items, **names})


def named_by(key: str, known: Container[str]) -> str:
    """What a key of a returned dict names: "W" and "dW" are both the gradient of W."""
    return key[1:] if key not in known and key[:1] == "d" and key[1:] in known else key


def taken(function: Function) -> frozenset[str]:
    """The names that mean something in a function already."""
    seen = {*function.own, *function.parameters, *function.globals, *function.closure}
    return frozenset(seen)


# A dict that is filled item by item.


def _without_items(
    function: Function, held: str, known: frozenset[str]
) -> tuple[Function, dict[str, str]]:
    """`grads["W"]` as the local `dW`, where `grads` is a plain dict, filled under fixed keys."""
    *before, end = function.body
    starts = [node for node in before if _starts(node, held)]
    items = [part for node in before for part in ast.walk(node) if _key(part, held) is not None]
    mentions = sum(is_name(node, held) for node in function.nodes)
    if len(starts) != 1 or mentions != len(items) + 2 or has_inner_functions(function):
        return function, {}
    keys = [key for node in (*starts, *before) for key in _assigned(node, held)]
    named = taken(function)
    local = {
        key: name
        for key in dict.fromkeys(keys)
        if named_by(key, known) in known and (name := f"d{named_by(key, known)}") not in named
    }
    if len({*local.values()}) < len(local):  # "W" and "dW" are two things here
        return function, {}
    made: list[ast.stmt] = []
    for node in before:
        each = _AsLocals(held, local).visit(deepcopy(node))
        made += _first_items(each, local) if node in starts else [each]
    gradients = [ast.Name(name, ast.Load()) for name in local.values()]
    whole = ast.Dict([None, *map(ast.Constant, local)], [ast.Name(held, ast.Load()), *gradients])
    made.append(ast.fix_missing_locations(ast.copy_location(ast.Return(whole), end)))
    own = function.own | {*local.values()}
    called = {name: f"{held}[{key!r}]" for key, name in local.items()}
    return replace(function, body=tuple(made), own=own), called


def _starts(node: ast.stmt, held: str) -> bool:
    """`grads = {...}` with fixed keys."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys)):
            fixed = all(isinstance(k, ast.Constant) and isinstance(k.value, str) for k in keys)
            return name == held and fixed
        case _:
            return False


def _assigned(node: ast.stmt, held: str) -> Iterator[str]:
    """The keys that a statement, which always runs, assigns to."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys)) if name == held:
            yield from (k.value for k in keys if isinstance(k, ast.Constant))  # pyright: ignore
        case ast.Assign(targets=targets):
            for part in (part for target in targets for part in ast.walk(target)):
                key = _key(part, held)
                if key is not None and isinstance(part.ctx, ast.Store):  # pyright: ignore
                    yield key
        case _:
            pass


def _key(part: ast.AST, held: str) -> str | None:
    match part:
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))):
            return key if name == held else None
        case _:
            return None


def _first_items(start: ast.stmt, local: Mapping[str, str]) -> list[ast.stmt]:
    """`grads = {"W": zeros}` as `grads = {}; dW = zeros`."""
    assert isinstance(start, ast.Assign) and isinstance(start.value, ast.Dict)
    items = list(zip(start.value.keys, start.value.values, strict=True))
    stay = [(key, value) for key, value in items if key.value not in local]  # pyright: ignore
    start.value.keys = [key for key, _ in stay]
    start.value.values = [value for _, value in stay]
    go = [(local[key.value], value) for key, value in items if key.value in local]  # pyright: ignore
    return [start, *(_assign(name, value) for name, value in go)]


class _AsLocals(ast.NodeTransformer):
    """Puts a local where an item of a dict is read or written."""

    def __init__(self, held: str, local: Mapping[str, str]) -> None:
        self.held, self.local = held, local

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        key = _key(node, self.held)
        if key is not None and key in self.local:
            return ast.copy_location(ast.Name(self.local[key], node.ctx), node)
        return self.generic_visit(node)


# A dict that is written at the end.


def _renamed(function: Function, known: frozenset[str]) -> tuple[Function, dict[str, str]]:
    """`return {"W": g}`, where g is a local that is bound once, with dW for g."""
    end = function.body[-1]
    assert isinstance(end, ast.Return) and isinstance(end.value, ast.Dict)
    if has_inner_functions(function):
        return function, {}
    names = [value.id for value in end.value.values if isinstance(value, ast.Name)]
    named, new = taken(function), dict[str, str]()
    for key, value in zip(end.value.keys, end.value.values, strict=True):
        match key, value:
            case ast.Constant(value=str(said)), ast.Name(id=name):
                local = f"d{named_by(said, known)}"
                plain = name in function.own and name not in function.parameters
                once = names.count(name) == 1 and bound_once(name, function.body)
                if local[1:] in known and local not in {*named, *new.values()} and plain and once:
                    new[name] = local
            case _:
                pass
    if not new:
        return function, {}
    body = tuple(Renamed(new).visit(deepcopy(node)) for node in function.body)
    own = function.own | {*new.values()}
    return replace(function, body=body, own=own), {local: name for name, local in new.items()}


def bound_once(name: str, body: Collection[ast.stmt]) -> bool:
    """Whether only one statement binds a name, and always runs."""
    stores = [
        node
        for node in body
        for part in ast.walk(node)
        if is_name(part, name) and isinstance(part.ctx, ast.Store)  # pyright: ignore
        if not isinstance(node, ast.AugAssign)
    ]
    return len(stores) == 1 and isinstance(stores[0], ast.Assign)


def _with_locals(function: Function, known: frozenset[str]) -> Function:
    """The same backward, which assigns what stands in a dict that it returns at its end to locals
    before, so that each gradient is a statement: `return {"W": x.T @ dy}`."""
    match function.body:
        case (*before, ast.Return(value=ast.Dict(keys=keys, values=values) as held) as end):
            pass
        case _:
            return function
    made: list[ast.stmt] = []
    new: list[ast.expr] = []
    named, own = taken(function), set(function.own)
    for key, value in zip(keys, values, strict=True):
        match key:
            case ast.Constant(value=str(name)) if not isinstance(value, ast.Name):
                local = f"d{named_by(name, known)}"
            case _:
                local = ""
        if local.isidentifier() and local not in named:
            made.append(_assign(local, value))
            own.add(local)
            value = ast.copy_location(ast.Name(local, ast.Load()), value)
        new.append(value)
    returned = ast.copy_location(ast.Dict(keys, new), held)
    last = ast.copy_location(ast.Return(returned), end)
    return replace(function, body=(*before, *made, last), own=frozenset(own))


def _assign(name: str, value: ast.expr) -> ast.stmt:
    assigned = ast.Assign([ast.Name(name, ast.Store())], value)
    return ast.fix_missing_locations(ast.copy_location(assigned, value))


def has_inner_functions(function: Function) -> bool:
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    return any(isinstance(node, inner) for node in function.nodes)
