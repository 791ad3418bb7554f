"""Lists with a dict of parameters for each layer: `for layer in layers: x = x @ layer["W"]`.

The pair is rewritten to take the arrays of three layers each by its own name, W0 to W2, and to give
each gradient of a list like it by its own. Every statement keeps its line.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from byhand.sources.assemble import assign, at, located, placed
from byhand.sources.names import plain_name
from byhand.sources.signature import elements, parameters, returns

LAYERS = 3


def unlisted(
    forward: ast.FunctionDef, backward: ast.FunctionDef
) -> tuple[ast.FunctionDef, ast.FunctionDef]:
    """The pair with plain parameters; the same where no parameter of forward is such a list."""
    for name in parameters(forward):
        keys = list(dict.fromkeys(_keys(name, forward)))
        if keys:
            one, two = (_with_parameters(each, name, keys) for each in (forward, backward))
            return one, _with_gradients(two, keys)
    return forward, backward


def _keys(name: str, forward: ast.FunctionDef) -> Iterator[str]:
    """The arrays that forward reads of each dict in a list."""
    layers = {*_layers(name, forward)}
    for node in ast.walk(forward):
        match node:
            case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
                if _is_layer(value, name) or (isinstance(value, ast.Name) and value.id in layers):
                    yield key
            case _:
                pass


def _layers(name: str, function: ast.FunctionDef) -> Iterator[str]:
    """The locals that are a dict of the list: in a loop over it, or `last = params[-1]`."""
    for node in ast.walk(function):
        match node:
            case ast.For(target=ast.Name(id=local), iter=iterable) if _is_list(iterable, name):
                yield local
            case ast.For(
                target=ast.Tuple(elts=[_, ast.Name(id=local)]),
                iter=ast.Call(func=ast.Name(id="enumerate"), args=[iterable, *_]),
            ) if _is_list(iterable, name):
                yield local
            case ast.Assign(targets=[ast.Name(id=local)], value=value) if _is_layer(value, name):
                yield local
            case _:
                pass


def _is_list(node: ast.expr, name: str) -> bool:
    """The list, a part of it, or all in the other order."""
    match node:
        case ast.Name(id=held):
            return held == name
        case ast.Subscript(value=value, slice=ast.Slice()):
            return _is_list(value, name)
        case ast.Call(func=ast.Name(id="reversed" | "list"), args=[value]):
            return _is_list(value, name)
        case _:
            return False


def _is_layer(node: ast.expr, name: str) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(id=held), slice=index):
            text = isinstance(index, ast.Constant) and isinstance(index.value, str)
            return held == name and not isinstance(index, ast.Slice) and not text
        case _:
            return False


def _with_parameters(function: ast.FunctionDef, name: str, keys: Sequence[str]) -> ast.FunctionDef:
    """A function that takes the arrays each by its name."""
    made = copy.deepcopy(function)
    if name not in parameters(made):
        return made
    place = parameters(made).index(name)
    was = made.args.args[place]
    names = [f"{key}{i}" for i in range(LAYERS) for key in keys]
    made.args.args[place : place + 1] = [ast.copy_location(ast.arg(n), was) for n in names]
    dicts = (", ".join(f"{key!r}: {key}{i}" for key in keys) for i in range(LAYERS))
    whole = ast.parse("[" + ", ".join(f"{{{each}}}" for each in dicts) + "]", mode="eval").body
    made.body.insert(0, placed(assign(name, whole, made.body[0]), made.body[0]))
    return made


def _with_gradients(backward: ast.FunctionDef, keys: Sequence[str]) -> ast.FunctionDef:
    """A backward that returns a list of dicts of gradients as one that returns each of them."""
    values = [each for end in returns(backward) for each in elements(end.value)]
    ends = {n.id for each in values for n in ast.walk(each) if isinstance(n, ast.Name)}
    naming = _Naming(ends, keys, backward)
    made = naming.visit(backward)
    return _Returned(
        ends & naming.found, [f"{key}{i}" for i in range(LAYERS) for key in keys]
    ).visit(made)


class _Naming(ast.NodeTransformer):
    """Gives every gradient that is put into one of the lists a name of its own, too."""

    def __init__(
        self, names: Collection[str], keys: Sequence[str], backward: ast.FunctionDef
    ) -> None:
        self.names, self.keys = names, keys
        self.found: set[str] = set()
        said = [n.value for n in ast.walk(backward) if isinstance(n, ast.Constant)]
        self.said = {plain_name(s): s for s in said if isinstance(s, str) and s != plain_name(s)}
        self.turned = {name for name in names if _is_turned(name, backward)}

    def visit_Assign(self, node: ast.Assign) -> Any:
        return [node, *self.written(node.targets[0], node.value, node)]

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        return [node, *self.written(node.target, node.value, node)]

    def written(self, target: ast.expr, value: ast.expr, node: ast.stmt) -> list[ast.stmt]:
        """`grads[i] = {"W": dW}`, `grads[i]["W"] = dW`."""
        inner = target.value if isinstance(target, ast.Subscript) else target
        for each in (target, inner):
            match each:
                case ast.Subscript(value=ast.Name(id=name), slice=index) if name in self.names:
                    if not isinstance(index, ast.Slice):
                        return self.by_name(name, ast.unparse(index), value, node)
                case _:
                    pass
        return []

    def visit_Expr(self, node: ast.Expr) -> Any:
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr), args=[*_, value]):
                pass
            case _:
                return node
        if name not in self.names or attr not in {"append", "insert", "appendleft"}:
            return node
        last = f"len({name}) - 1"
        place = f"{LAYERS - 1} - ({last})" if attr != "append" or name in self.turned else last
        held = "0" if attr != "append" else "-1"
        return [node, *self.by_name(name, place, value, node, held)]

    def by_name(
        self, name: str, place: str, value: ast.expr, node: ast.stmt, held: str | None = None
    ) -> list[ast.stmt]:
        self.found.add(name)
        found: list[ast.stmt] = []
        lines = dict[object, ast.expr]()
        if isinstance(value, ast.Dict):
            pairs = zip(value.keys, value.values, strict=True)
            lines = {k.value: v for k, v in pairs if isinstance(k, ast.Constant)}
        for i in range(LAYERS):
            for key in self.keys:
                said = self.said.get(key, key)
                item = f"{name}[{held or place}]"
                test = f"range({LAYERS})[{place}] == {i} and {said!r} in {item}"
                text = f"if {test}: d{key}{i} = {item}[{said!r}]"
                found.append(at(text, lines.get(said, node)))
        return found


def _is_turned(name: str, backward: ast.FunctionDef) -> bool:
    """Whether a list is turned round at its end."""
    text = ast.unparse(backward)
    return f"{name}.reverse()" in text or f"{name}[::-1]" in text or f"reversed({name})" in text


class _Returned(ast.NodeTransformer):
    """Every `return grads` as one of the gradients by name."""

    def __init__(self, names: Collection[str], said: Sequence[str]) -> None:
        self.names, self.said = names, said

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        made: list[ast.expr] = []
        for each in elements(node.value):
            if any(isinstance(p, ast.Name) and p.id in self.names for p in ast.walk(each)):
                made += [ast.Name(f"d{said}", ast.Load()) for said in self.said]
            else:
                made.append(each)
        value = made[0] if len(made) == 1 else ast.Tuple(made, ast.Load())
        return located(ast.Return(value), node)
