"""Engines whose values keep local gradients in place of closures, in a tuple of their own or beside
what they belong to:

    return Value(self.data * other.data, (self, other), (other.data, self.data))
    return Value(self.data * other.data, ((self, other.data), (other, self.data)))

Each op is rewritten to one that leaves a closure as well, whose statements stand at the local
gradients. So it is an op like any other; what the engine's `backward` reads is still there.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from byhand.sources.assemble import assign, at
from byhand.sources.scalar_ops import made_of
from byhand.sources.signature import bound, elements, parameters

OUT, CLOSURE = "out", "_backward"


@dataclass(frozen=True)
class Kept:
    """The attribute in which a value keeps its local gradients, `paired` with what these belong to
    or alone."""

    attribute: str
    paired: bool


def with_closures(tree: ast.Module) -> ast.Module:
    """The module with a closure for each op of an engine that keeps local gradients."""
    body = [
        _rewritten(node) if isinstance(node, ast.ClassDef) and kept_in(node) is not None else node
        for node in tree.body
    ]
    return tree if body == tree.body else ast.Module(body, tree.type_ignores)


def kept_in(node: ast.ClassDef) -> Kept | None:
    """Where a class keeps local gradients; None if it doesn't."""
    init = next((m for m in _methods(node) if m.name == "__init__"), None)
    found = [each for m in _methods(node) if (each := _locals_of(m, node.name)) is not None]
    if init is None or not found or _grad(init) is None:
        return None
    place, paired = found[0].place, found[0].paired
    name = parameters(init)[1 + place] if len(parameters(init)) > 1 + place else None
    for part in ast.walk(init):
        match part:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)],
                value=ast.Name(id=said),
            ) if said == name:
                return Kept(attr, paired)
            case _:
                pass
    return None


@dataclass(frozen=True, eq=False)
class _Locals:
    """The local gradients of an op with the names that they belong to, and the place of the
    argument that holds them; `out` is the name of what it returns, if that has one."""

    made: ast.Call
    out: str | None
    pairs: tuple[tuple[str, ast.expr], ...]
    place: int
    paired: bool


def _methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    yield from (each for each in node.body if isinstance(each, ast.FunctionDef))


def _grad(init: ast.FunctionDef) -> str | None:
    """The attribute that begins as 0."""
    for part in ast.walk(init):
        match part:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)],
                value=ast.Constant(value=int() | float() as value),
            ) if value == 0 and "g" in attr:
                return attr
            case _:
                pass
    return None


def _locals_of(method: ast.FunctionDef, owner: str) -> _Locals | None:
    """What an op returns: `Value(x, (self,), (1 - x ** 2,))`, also by way of a local."""
    match method.body[-1]:
        case ast.Return(value=ast.Call() as call):
            out = None
        case ast.Return(value=ast.Name(id=out)):
            calls = [each for each in bound(out, method) if isinstance(each, ast.Call)]
            if not calls:
                return None
            call = calls[-1]
        case _:
            return None
    if made_of(call, owner) is None:
        return None
    args = [*call.args, *(keyword.value for keyword in call.keywords)]
    for place, (one, other) in enumerate(zip(args[1:], [*args[2:], None], strict=True), 1):
        names = [each.id for each in _items(one) if isinstance(each, ast.Name)]
        given = _items(other) if other is not None else []
        if names and len(names) == len(_items(one)) == len(given):
            return _Locals(call, out, (*zip(names, given, strict=True),), place + 1, False)
        both = [elements(each) for each in _items(one)]
        if both and all(len(each) == 2 and isinstance(each[0], ast.Name) for each in both):
            pairs = ((name.id, each) for name, each in both if isinstance(name, ast.Name))
            return _Locals(call, out, (*pairs,), place, True)
    return None


def _items(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return items
        case _:
            return []


def _rewritten(node: ast.ClassDef) -> ast.ClassDef:
    made = copy.deepcopy(node)
    init = next(m for m in _methods(made) if m.name == "__init__")
    grad = _grad(init)
    for method in _methods(made):
        found = _locals_of(method, node.name)
        if found is not None and not any(isinstance(n, ast.FunctionDef) for n in method.body):
            end = method.body.pop()
            out = found.out or OUT
            if found.out is None:
                method.body.append(assign(out, found.made, end))
            closure = at(f"def {CLOSURE}(): pass", end)
            assert isinstance(closure, ast.FunctionDef)
            closure.body = [_added(name, value, out, grad) for name, value in found.pairs]
            left = at(f"{out}.{CLOSURE} = {CLOSURE}", end)
            method.body += [closure, left, at(f"return {out}", end)]
    made.body = [each for each in made.body if not _is_slots(each)]
    return made


def _added(name: str, value: ast.expr, out: str, grad: str | None) -> ast.stmt:
    """`self.grad += (1 - t ** 2) * out.grad`."""
    made = at(f"{name}.{grad} += 0 * {out}.{grad}", value)
    assert isinstance(made, ast.AugAssign) and isinstance(made.value, ast.BinOp)
    made.value.left = copy.deepcopy(value)
    return made


def _is_slots(node: ast.stmt) -> bool:
    """Whether this says which attributes there are, and that no other may be left."""
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__slots__"
