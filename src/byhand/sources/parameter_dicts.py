"""Dicts of parameters: `forward(params, X, Y)` reads `params["W1"]`, backward gives `grads["dW1"]`.

The pair is rewritten to take each parameter by its own name and to give each gradient by its own;
then it is a pair like any other. Every statement keeps its line.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from byhand.program.expressions import is_name
from byhand.program.scopes import own_parts
from byhand.sources.assemble import assign, located
from byhand.sources.flow import reads
from byhand.sources.guesses import is_setting
from byhand.sources.names import plain_name
from byhand.sources.parameter_use import ParameterUse
from byhand.sources.signature import bound, elements, parameters, returns
from byhand.sources.uses import uses

FIND, IS = "__gradient_of__", "__is_gradient_of__"
"""What `gradient_of` and `is_gradient_of` are called where a pair calls them."""
_ARRAY = re.compile(r"[A-Za-z]\w*$")
LAYERS = 3
"""How many layers a forward is tried with that takes any number."""


@dataclass(frozen=True, eq=False)
class Flattened:
    """The two functions without the dict. `keys` are the parameters that were in it."""

    forward: ast.FunctionDef
    backward: ast.FunctionDef
    keys: tuple[str, ...]


def flattened(
    forward: ast.FunctionDef,
    backward: ast.FunctionDef,
    functions: Mapping[str, ast.FunctionDef] | None = None,
) -> Flattened | None:
    """The pair with one parameter for each array in a dict; None where there is no such dict.
    `functions` are those of the module: what they read of the dict is in it, too."""
    used = uses(forward)
    for name in parameters(forward):
        keys = _keys(name, used[name], forward, functions or {})
        if keys:
            others = {*parameters(forward)} - {name}
            return Flattened(
                _with_parameters(forward, name, keys),
                with_gradients(_with_parameters(backward, name, keys), keys, others),
                tuple(keys),
            )
    return None


def gradient_of(grads: Mapping[str, Any], name: str) -> Any:
    """The gradient of `name` in a dict whose keys are called one way or another."""
    return next(value for key, value in grads.items() if name in (key, plain_name(key)))


def is_gradient_of(key: object, name: str) -> bool:
    """Whether a computed key is that of the gradient of `name`."""
    return isinstance(key, str) and name in (key, plain_name(key))


def _keys(
    name: str,
    use: ParameterUse,
    forward: ast.FunctionDef,
    functions: Mapping[str, ast.FunctionDef],
) -> list[str]:
    """The arrays that forward reads of a dict, or a function that it hands the dict on to."""
    keys = [key for key in use.keys if _ARRAY.match(key) and not is_setting(key, use)]
    prefixes: dict[str, int] = {}
    for node in ast.walk(forward):
        match node:
            case ast.Subscript(value=ast.Name(id=held), slice=index) if held == name:
                prefix, number = _numbered(index)
                if number is not None:
                    first = _first(number, forward)
                    prefixes[prefix] = min(first, prefixes.get(prefix, first))
            case _:
                pass
    keys += [f"{prefix}{first + i}" for i in range(LAYERS) for prefix, first in prefixes.items()]
    for called, parameter in _handed_on(name, forward, functions):
        rest = {each: other for each, other in functions.items() if each != called}
        other = functions[called]
        keys += _keys(parameter, uses(other)[parameter], other, rest)
    others = {*parameters(forward)} - {name}
    return [] if others & {*keys} else [*dict.fromkeys(keys)]


def _handed_on(
    name: str, function: ast.FunctionDef, functions: Mapping[str, ast.FunctionDef]
) -> Iterator[tuple[str, str]]:
    """The functions that are handed what a local is, and what they call it."""
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=called), args=args, keywords=keywords) if (
                called in functions
            ):
                given = [*zip(parameters(functions[called]), args, strict=False)]
                given += [(each.arg, each.value) for each in keywords if each.arg is not None]
                yield from ((called, each) for each, arg in given if is_name(arg, name))
            case _:
                pass


def _first(number: ast.expr, forward: ast.FunctionDef) -> int:
    """The first number that a computed key has: of `str(l)`, `{i}`, `str(i + 1)` in a loop."""
    added = [
        part.right.value
        for part in ast.walk(number)
        if isinstance(part, ast.BinOp)
        and isinstance(part.op, ast.Add)
        and isinstance(part.right, ast.Constant)
        and isinstance(part.right.value, int)
    ]
    names = {part.id for part in ast.walk(number) if isinstance(part, ast.Name)}
    starts = [0] if added else [1]
    for node in ast.walk(forward):
        match node:
            case ast.For(
                target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=args)
            ) if name in names:
                start = args[0] if len(args) > 1 else ast.Constant(0)
                starts = [start.value] if isinstance(start, ast.Constant) else starts  # pyright: ignore
            case _:
                pass
    first: Any = starts[0]
    return int(first) + sum(added)


def _with_parameters(function: ast.FunctionDef, name: str, keys: Sequence[str]) -> ast.FunctionDef:
    """A function that takes the arrays of a dict each by its name."""
    made = copy.deepcopy(function)
    if name not in parameters(made):
        return made
    values: list[ast.expr] = [ast.Name(key, ast.Load()) for key in keys]
    whole = ast.Dict([ast.Constant(key) for key in keys], values)
    first = [arg for arg in made.args.args if arg.arg == name]
    place = made.args.args.index(first[0])
    fresh = [ast.copy_location(ast.arg(key), first[0]) for key in keys]
    made.args.args[place : place + 1] = fresh
    made.body = [
        assign(name, whole, made.body[0]),
        *(node for node in made.body if not _only_unpacks(node, name, keys)),
    ]
    return made


def _only_unpacks(node: ast.stmt, name: str, keys: Collection[str]) -> bool:
    """`W1 = params["W1"]`, also of several at once, where W1 is an argument now."""
    match node:
        case ast.Assign(targets=[target], value=value):
            pairs = zip(elements(target), elements(value), strict=False)
            return len(elements(target)) == len(elements(value)) and all(
                isinstance(one, ast.Name) and _item(other, name) == one.id in keys
                for one, other in pairs
            )
        case _:
            return False


def _item(node: ast.expr, name: str) -> str | None:
    match node:
        case ast.Subscript(value=ast.Name(id=held), slice=ast.Constant(value=str(key))):
            return key if held == name else None
        case _:
            return None


# Gradients.


def with_gradients(
    backward: ast.FunctionDef, keys: Collection[str], others: Collection[str] = ()
) -> ast.FunctionDef:
    """A backward that returns a dict of gradients as one that returns each of them: those of
    `keys`, and of `others` that it has by name."""
    names = {
        node.id
        for end in returns(backward)
        for node in elements(end.value)
        if isinstance(node, ast.Name) and is_dict(node.id, backward)
    }
    rewriting = _Rewriting(names, keys, others)
    made = rewriting.visit(copy.deepcopy(backward))
    unsaid = [key for key in keys if key not in rewriting.said] if rewriting.otherwise else []
    return _Ends(names, [*rewriting.said], unsaid).visit(made)


def is_dict(name: str, function: ast.FunctionDef) -> bool:
    if any(
        isinstance(value, ast.Dict | ast.DictComp)
        or (isinstance(value, ast.Call) and getattr(value.func, "id", "") == "dict")
        for value in bound(name, function)
    ):
        return True
    return any(
        isinstance(part, ast.Subscript)
        and isinstance(part.ctx, ast.Store)
        and _item(part, name) is not None
        for part in own_parts(function)
    )


def listed(made: ast.stmt | list[ast.stmt]) -> list[ast.stmt]:
    return made if isinstance(made, list) else [made]


class _Rewriting(ast.NodeTransformer):
    """Gives every gradient that is put into one of the dicts a name of its own, too.

    `said` are those that were found so, `otherwise` whether keys were computed.
    """

    def __init__(
        self, names: Collection[str], keys: Collection[str], others: Collection[str]
    ) -> None:
        self.names, self.keys = names, keys
        self.all = {*keys, *others}
        self.said: dict[str, None] = {}
        self.otherwise = False

    def key_of(self, node: ast.expr) -> str | None:
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=index) if name in self.names:
                if isinstance(index, ast.Constant):
                    return self.known(index.value)
                self.otherwise = True
            case _:
                pass
        return None

    def known(self, said: object) -> str | None:
        if not isinstance(said, str):
            return None
        found = said if said in self.all else plain_name(said)
        if found not in self.all:
            return None
        self.said[found] = None
        return found

    def visit_Assign(self, node: ast.Assign) -> Any:
        if apart := self.one_by_one(node):
            return [made for each in apart for made in listed(self.visit_Assign(each))]
        key = self.key_of(node.targets[0])
        if key is not None and not is_name(node.value, f"d{key}"):
            node.targets.insert(0, ast.copy_location(ast.Name(f"d{key}", ast.Store()), node))
        if key is None and (named := self.computed(*elements(node.targets[0]))):
            return [node, *named]
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in self.names:
                before, node.value = self.spread(node.value)
                return [*before, node]
        return node

    def one_by_one(self, node: ast.Assign) -> list[ast.Assign]:
        """`grads["dW"], grads["db"] = one, other` as one assignment for each; else nothing."""
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                said = [self.key_of(each) for each in targets]
            case _:
                return []
        if len(targets) != len(values) or None in said or reads(node.value) & {*self.names}:
            return []
        pairs = zip(targets, values, strict=True)
        return [ast.copy_location(ast.Assign([one], other), node) for one, other in pairs]

    def computed(self, *targets: ast.expr) -> list[ast.stmt]:
        """What gives gradients whose keys are computed, `grads["dW" + str(l)]`, or that are bound
        beside others, their names."""
        found: list[ast.stmt] = []
        for target in targets:
            match target:
                case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=said)):
                    key = self.known(said) if name in self.names else None
                    if key is not None:
                        held = ast.Subscript(target.value, target.slice, ast.Load())
                        found.append(located(assign(f"d{key}", held, target), target))
                case ast.Subscript(value=ast.Name(id=name), slice=index) if name in self.names:
                    found += self.by_name(target, index)
                case _:
                    pass
        return found

    def by_name(self, target: ast.Subscript, index: ast.expr) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for key in self.keys:
            if any(
                said.startswith(_numbered(index)[0]) for said in (key, f"d{key}", f"grad_{key}")
            ):
                self.said[key] = None
                held = ast.Subscript(target.value, index, ast.Load())
                test = ast.Call(ast.Name(IS, ast.Load()), [index, ast.Constant(key)], [])
                found.append(located(ast.If(test, [assign(f"d{key}", held, target)], []), target))
        return found

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        key = self.key_of(node.target)
        if key is None:
            return [node, *self.computed(node.target)]
        held = copy.deepcopy(node.target)
        held.ctx = ast.Load()  # pyright: ignore[reportAttributeAccessIssue]
        return [node, assign(f"d{key}", held, node)]

    def visit_Return(self, node: ast.Return) -> Any:
        before: list[ast.stmt] = []
        made: list[ast.expr] = []
        for each in elements(node.value):
            more, value = self.spread(each)
            before += more
            made.append(value)
        value = made[0] if len(made) == 1 else ast.Tuple(made, ast.Load())
        return [*before, located(ast.Return(value), node)]

    def spread(self, node: ast.expr) -> tuple[list[ast.stmt], ast.expr]:
        """`{"W": x @ y}` as `dW = x @ y` and `{"W": dW}`."""
        if not isinstance(node, ast.Dict):
            return [], node
        before: list[ast.stmt] = []
        for i, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
            name = self.known(key.value) if isinstance(key, ast.Constant) else None
            if name is not None and not is_name(value, f"d{name}"):
                before.append(assign(f"d{name}", value, value))
                node.values[i] = ast.copy_location(ast.Name(f"d{name}", ast.Load()), value)
        return before, node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        return self.generic_visit(node)


def _numbered(index: ast.expr) -> tuple[str, ast.expr | None]:
    """What a computed key begins with, as far as its text tells, and the number that it has:
    `"W" + str(l)`, `f"W{l}"`, `"W%d" % l`, `"W{}".format(l)`."""
    match index:
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=number):
            return text.partition("%")[0], number
        case ast.BinOp(left=ast.Constant(value=str(prefix)), right=number):
            return prefix, number
        case ast.JoinedStr(values=[ast.Constant(value=str(prefix)), number, *_]):
            return prefix, number
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format"), args=[number]
        ):
            return text.partition("{")[0], number
        case _:
            return "", None


class _Ends(ast.NodeTransformer):
    """Every `return grads` as one of the gradients by name."""

    def __init__(self, names: Collection[str], said: Sequence[str], unsaid: Sequence[str]) -> None:
        self.names, self.said, self.unsaid = names, said, unsaid

    def visit_Return(self, node: ast.Return) -> Any:
        before: list[ast.stmt] = []
        made: list[ast.expr] = []
        for each in elements(node.value):
            if isinstance(each, ast.Dict) or (isinstance(each, ast.Name) and each.id in self.names):
                for key in self.unsaid:
                    found = ast.Call(ast.Name(FIND, ast.Load()), [each, ast.Constant(key)], [])
                    before.append(assign(f"d{key}", found, node))
                made += [ast.Name(f"d{key}", ast.Load()) for key in (*self.said, *self.unsaid)]
            else:
                made.append(each)
        value = made[0] if len(made) == 1 else ast.Tuple(made, ast.Load())
        return [*before, located(ast.Return(value), node)]
