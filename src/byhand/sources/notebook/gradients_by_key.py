"""A dict of gradients at the top, `grads["dW1"]`, as one of the parameters' own: `dparams["W1"]`.

Which dict holds the gradients of which is told by the step, `params[k] -= lr * grads["d" + k]`: it
is in a loop over the keys, or stands there for each of them. Where there is no step, the keys tell:
they are those of one other dict, or else names of arrays, and `grads["W1"]` is dW1.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from byhand.sources.flow import binds
from byhand.sources.intermediates import Renames
from byhand.sources.names import base_of, plain_name

_OF_GRADIENTS = re.compile(r"^(?:all_|my_)?(?:grads?|gradients?)$", re.I)
"""What a dict of gradients is called that is told by its keys alone."""

_BEFORE = {"d", "d_", "grad", "grad_"}
"""What stands before a key that is a local: `"d" + k`."""


def by_key(statements: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    """The statements with each dict of gradients called after the dict of parameters that is
    changed by it, and its keys as they are there; one that only gathers gradients is let be."""
    body = ast.Module([*statements], [])
    known = {name for node in statements for part in ast.walk(node) for name in _bound_in(part)}
    found = {
        gradients: of
        for gradients, of in {**_with_keys_of(body), **_stepped_by(body)}.items()
        if base_of(gradients) != of and f"d{of}" not in known and _is_begun(gradients, body)
        if not all(_has_a_name(value, known) for value in _put_into(gradients, body))
    }
    if not found or len({*found.values()}) < len(found):
        return _by_name(statements, known)
    keys = _Keys(found)
    renames = Renames({gradients: f"d{of}" for gradients, of in found.items()})
    return [renames.visit(keys.visit(copy.deepcopy(node))) for node in statements]


def _by_name(statements: Sequence[ast.stmt], known: Collection[str]) -> Sequence[ast.stmt]:
    """The statements with `grads["W1"]` called dW1, where W1 is an array with no other gradient."""
    body = ast.Module([*statements], [])
    named = {base_of(name) for name in known}
    names = {
        (held, key): f"d{of}"
        for held in _keys_of(body)
        if _OF_GRADIENTS.match(held) and _is_begun(held, body)
        for key in _keys_of(body)[held]
        if (of := plain_name(key)) in known and of not in named
    }
    if not names:
        return statements
    items = _Items(names)
    return [part for node in statements for part in items.written(copy.deepcopy(node))]


def _with_keys_of(body: ast.Module) -> dict[str, str]:
    """The dicts of gradients, each with the only other whose keys those of its gradients are."""
    keys = _keys_of(body)
    found: dict[str, list[str]] = {}
    for held, mine in keys.items():
        plain = {plain_name(key) for key in mine}
        if _OF_GRADIENTS.match(held) and plain:
            found[held] = [of for of, theirs in keys.items() if of != held and plain <= theirs]
    return {held: of[0] for held, of in found.items() if len(of) == 1}


def _keys_of(body: ast.Module) -> dict[str, set[str]]:
    """The keys that stand there as texts, by the name of the dict."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(body):
        match node:
            case ast.Subscript(value=ast.Name(id=held), slice=ast.Constant(value=str(key))):
                found.setdefault(held, set()).add(key)
            case ast.Assign(targets=[ast.Name(id=held)], value=ast.Dict(keys=keys)):
                said = {key.value for key in keys if isinstance(key, ast.Constant)}
                found.setdefault(held, set()).update(key for key in said if isinstance(key, str))
            case _:
                pass
    return found


def _bound_in(part: ast.AST) -> frozenset[str]:
    return binds(part) if isinstance(part, ast.Assign) else frozenset()


def _stepped_by(body: ast.Module) -> dict[str, str]:
    """The dicts of gradients, each with that whose items are changed by its own."""
    found: dict[str, set[str]] = {}
    items = dict(_items(body))
    for node in ast.walk(body):
        match node:
            case ast.AugAssign(target=ast.Name(id=item), value=value) if item in items:
                of = items[item]
            case ast.AugAssign(target=ast.Subscript(value=ast.Name(id=of)), value=value):
                pass
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=of)) as old], value=value) if (
                ast.unparse(old) in map(ast.unparse, ast.walk(value))  # `W[l] = W[l] - lr * dW[l]`
            ):
                pass
            case _:
                continue
        for part in ast.walk(value):
            match part:
                case ast.Subscript(value=ast.Name(id=held)) if held != of:
                    found.setdefault(held, set()).add(of)
                case _:
                    pass
    return {held: of.pop() for held, of in found.items() if len(of) == 1}


def _items(body: ast.Module) -> Iterator[tuple[str, str]]:
    """The locals of loops that are the items of a dict: `for k, v in params.items()`."""
    for node in ast.walk(body):
        match node:
            case ast.For(
                target=ast.Tuple(elts=[_, ast.Name(id=item)]),
                iter=ast.Call(func=ast.Attribute(value=ast.Name(id=of), attr="items")),
            ):
                yield item, of
            case _:
                pass


def _is_begun(name: str, body: ast.Module) -> bool:
    """Whether a name is a dict that is begun here: `grads = {}`."""
    for node in ast.walk(body):
        match node:
            case ast.Assign(
                targets=[ast.Name(id=bound)],
                value=ast.Dict() | ast.DictComp() | ast.Call(func=ast.Name(id="dict")),
            ) if bound == name:
                return True
            case _:
                pass
    return False


def _put_into(name: str, body: ast.Module) -> Iterator[ast.expr]:
    """The values that are put into a dict."""
    for node in ast.walk(body):
        match node:
            case ast.Assign(targets=[ast.Name(id=held)], value=ast.Dict(values=values)):
                yield from values if held == name else ()
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=held))], value=value):
                yield from [value] if held == name else []
            case ast.AugAssign(target=ast.Subscript(value=ast.Name(id=held)), value=value):
                yield from [value] if held == name else []
            case _:
                pass


def _has_a_name(value: ast.expr, known: Collection[str]) -> bool:
    """Whether a gradient is judged by its own name: `grads["W1"] = dW1`, where there is a W1."""
    return isinstance(value, ast.Name) and base_of(value.id) in known


class _Items(ast.NodeTransformer):
    """Items of dicts, `grads["W1"]`, as names."""

    def __init__(self, names: Mapping[tuple[str, str], str]) -> None:
        self.names = names

    def written(self, node: ast.stmt) -> list[ast.stmt]:
        """A statement with these items as names; `grads = {"W1": ...}` as one for each item."""
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                return [node]
            case ast.Assign(targets=[ast.Name(id=held)], value=ast.Dict(keys=keys, values=values)):
                pass
            case _:
                return [self.visit(node)]
        made: list[ast.stmt] = []
        for key, value in zip(keys, values, strict=True):
            if _is_text(key) and (name := self.names.get((held, str(key.value)))):
                target = ast.copy_location(ast.Name(name, ast.Store()), key)
                made.append(ast.copy_location(ast.Assign([target], self.visit(value)), value))
        return made or [node]

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        self.generic_visit(node)
        match node:
            case ast.Subscript(value=ast.Name(id=held), slice=ast.Constant(value=str(key))) if (
                name := self.names.get((held, key))
            ):
                return ast.copy_location(ast.Name(name, node.ctx), node)
            case _:
                return node


def _is_text(key: ast.expr | None) -> TypeGuard[ast.Constant]:
    return isinstance(key, ast.Constant) and isinstance(key.value, str)


class _Keys(ast.NodeTransformer):
    """`grads["dW1"]` with the key that the parameter has."""

    def __init__(self, dicts: Mapping[str, str]) -> None:
        self.dicts = dicts

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in self.dicts:
            node.slice = _of_parameter(node.slice)
        return node

    def visit_Assign(self, node: ast.Assign) -> Any:
        """`grads = {"dW1": dW1}`."""
        self.generic_visit(node)
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as made) if (
                name in self.dicts
            ):
                made.keys = [None if key is None else _of_parameter(key) for key in made.keys]
            case _:
                pass
        return node


def _of_parameter(key: ast.expr) -> ast.expr:
    """The key of a parameter for that of its gradient: `"W1"` for `"dW1"`, k for `"d" + k`."""
    match key:
        case ast.Constant(value=str(said)):
            return ast.copy_location(ast.Constant(plain_name(said)), key)
        case ast.BinOp(left=ast.Constant(value=str(said)), op=ast.Add(), right=rest) if (
            said in _BEFORE
        ):
            return rest
        case ast.BinOp(left=left, op=op, right=rest) if (start := _of_parameter(left)) is not left:
            return ast.copy_location(ast.BinOp(start, op, rest), key)
        case ast.JoinedStr(values=[ast.Constant(value=str(said)), *rest]):
            start = "" if said in _BEFORE else plain_name(said)
            first = ast.copy_location(ast.Constant(start), key)
            return ast.copy_location(ast.JoinedStr([first, *rest]), key)
        case ast.Call(func=ast.Attribute(value=ast.Constant() as text, attr="format")):
            made = copy.deepcopy(key)
            made.func.value = _of_parameter(text)  # pyright: ignore
            return made
        case _:
            return key
