"""Classes that make their own layers, and have a method that goes back through them and gathers
what they leave in themselves, by the names of the parameters:

    def gradient(self, x, t):
        self.loss(x, t)
        dout = self.last_layer.backward(1)
        ...
        return {"W1": self.layers["Affine1"].dW, ...}

They are a layer that ends in its loss. A parameter that is in `self.params`, too, is called as it
is there.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from byhand.sources.assemble import assign, located
from byhand.sources.inheritance import SELF
from byhand.sources.layer_classes import PARAMS, Layer
from byhand.sources.parts import ModelPart, answering
from byhand.sources.signature import parameters, returns
from byhand.values import tree


def nets_in(module: ast.Module, layers: Collection[str]) -> Iterator[Layer]:
    """The classes of a module that are no `layers` by themselves, and gather gradients so."""
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name not in layers:
            methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
            found = (_net(node, each, methods) for each in methods.values())
            yield from [net for net in found if net is not None][:1]


def _net(
    node: ast.ClassDef, method: ast.FunctionDef, methods: Mapping[str, ast.FunctionDef]
) -> Layer | None:
    made = _with_a_name(method)
    match [each.value for each in returns(made)], made.body[-1]:
        case [ast.Name(id=gathered)], ast.Return():
            pass
        case _:
            return None
    calls = [part.func for part in ast.walk(made) if isinstance(part, ast.Call)]
    if not any(isinstance(each, ast.Attribute) and each.attr == "backward" for each in calls):
        return None
    given = parameters(made)
    for i, statement in enumerate(made.body):
        name = _goes_forward(statement)
        if name in methods and parameters(methods[name]) == given == _handed(statement):
            backward = copy.deepcopy(made)
            backward.body = [each for k, each in enumerate(backward.body[:-1]) if k != i]
            forward = copy.deepcopy(methods[name])
            return Layer(node.name, node, forward, backward, {}, rewritten=True, gathered=gathered)
    return None


def _with_a_name(method: ast.FunctionDef) -> ast.FunctionDef:
    """A method that returns `{"W1": ...}` as one that puts each into a dict first."""
    match method.body[-1]:
        case ast.Return(value=ast.Dict(keys=keys, values=values)) as end:
            pass
        case _:
            return method
    made = copy.copy(method)
    begun = assign("grads", ast.Dict([], []), end)
    items = [
        located(
            ast.Assign([ast.Subscript(ast.Name("grads", ast.Load()), key, ast.Store())], value),
            value,
        )
        for key, value in zip(keys, values, strict=True)
        if key is not None
    ]
    last = located(ast.Return(ast.Name("grads", ast.Load())), end)
    made.body = [*method.body[:-1], begun, *items, last]
    return made


def _handed(node: ast.stmt) -> list[str]:
    """What a call is handed, with `self` before it."""
    match node:
        case ast.Expr(value=ast.Call(args=args)) | ast.Assign(value=ast.Call(args=args)):
            return [SELF, *map(ast.unparse, args)]
        case _:
            return []


def _goes_forward(node: ast.stmt) -> str:
    """The method that a statement calls on `self`: `self.loss(x, t)`; empty where it is none."""
    match node:
        case ast.Expr(value=ast.Call(func=func)) | ast.Assign(value=ast.Call(func=func)):
            pass
        case _:
            return ""
    match func:
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if name == SELF:
            return attr
        case _:
            return ""


def as_called(parts: Sequence[ModelPart], held: Any) -> list[ModelPart]:
    """The parameters of a net under the names that they have in its `self.params`."""
    known = getattr(held, PARAMS, None)
    places = dict(tree.children(known) or ()) if isinstance(known, dict) else {}
    return [_as_called(part, held, places) for part in parts]


def _as_called(part: ModelPart, held: Any, places: Mapping[Any, Any]) -> ModelPart:
    for item, value in places.items():
        said = str(item.key)
        if value is part.value(held) and said.isidentifier():
            return replace(part, called=said, twin=(tree.Attribute(PARAMS), item))
    return part


def gathering(
    body: Sequence[ast.stmt], gathered: str, parts: Sequence[ModelPart]
) -> list[ast.stmt]:
    """The statements of a backward with every gradient that it gathers under a name of its own: as
    the layer leaves it, at the line there, where it is gathered unchanged."""
    made = [copy.deepcopy(node) for node in body]
    written = [
        (node, node.targets[0].slice)
        for each in made
        for node in ast.walk(each)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Subscript)
        and ast.unparse(node.targets[0].value) == gathered
    ]
    by_key = {key.value: node for node, key in written if isinstance(key, ast.Constant)}
    computed = [node for node, key in written if not isinstance(key, ast.Constant)]
    end: list[ast.stmt] = []
    for part in parts:
        own = by_key.get(part.called)
        left = answering([part])
        if own is None and computed and part.called:
            value = ast.parse(f"{gathered}[{part.called!r}]", mode="eval").body
            end.append(assign(f"d{part.name}", value, computed[-1]))
        elif own is None or ast.dump(own.value) == ast.dump(_value(left[0])):
            end += left
        else:
            own.targets.insert(0, ast.copy_location(ast.Name(f"d{part.name}", ast.Store()), own))
    return [*made, *end]


def _value(node: ast.stmt) -> ast.expr:
    assert isinstance(node, ast.Assign)
    return node.value
