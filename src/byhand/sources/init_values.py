"""What `__init__` makes of its defaults and of the widths of hidden layers: settings of a method.

    def __init__(self, hidden_dims, normalization=None, dtype=np.float32):
        self.num_layers = 1 + len(hidden_dims)
        self.normalization = normalization
        self.dtype = dtype

A method with `self.num_layers` is tried with one hidden layer, and without what is off by default.
Numbers with a fraction, such as a weight decay, are arguments: 0 would hide what they scale.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from byhand.sources.inheritance import SELF
from byhand.sources.parameter_dicts import LAYERS

_WIDTH = 3
_BUILTIN: Mapping[str, Any] = {"len": len, "int": int, "bool": bool}


def with_init_values(method: ast.FunctionDef, owner: ast.ClassDef) -> ast.FunctionDef:
    """A method in which attributes are what `__init__` makes of its arguments."""
    methods = [each for each in owner.body if isinstance(each, ast.FunctionDef)]
    init = next((each for each in methods if each.name == "__init__"), None)
    if init is None or init is method:
        return method
    known = _arguments(init)
    values: dict[str, ast.expr] = {}
    for node in init.body:
        match node:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr=attr)]) if (
                name == SELF
            ):
                value = _value(node.value, known)
                if value is not None:
                    values[attr] = value
            case _:
                pass
    values = {name: value for name, value in values.items() if name not in {*_filled(init.body)}}
    return _Values(values).visit(copy.deepcopy(method)) if values else method


def _filled(body: Sequence[ast.stmt]) -> Iterator[str]:
    """The attributes that are put something into whatever the arguments are."""
    for node in body:
        match node:
            case ast.For(body=inner):
                yield from _filled(inner)
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Attribute(value=ast.Name(id="self"), attr=attr))]
            ):
                yield attr
            case _:
                pass


def _arguments(init: ast.FunctionDef) -> dict[str, ast.expr]:
    """What the arguments are by default, and one hidden layer where widths are asked for."""
    args = [*init.args.args, *init.args.kwonlyargs]
    given = init.args.args[len(init.args.args) - len(init.args.defaults) :]
    known = {arg.arg: value for arg, value in zip(given, init.args.defaults, strict=True)}
    pairs = zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
    known |= {arg.arg: value for arg, value in pairs if value is not None}
    for arg in args:
        if arg.arg not in known and (length := _length(arg.arg, init)):
            known[arg.arg] = ast.List([ast.Constant(_WIDTH)] * length, ast.Load())
    return known


def _length(name: str, init: ast.FunctionDef) -> int:
    """How many widths a list has: of hidden layers, or of all; 0 for what is no such list."""
    text = ast.unparse(init)
    if f"len({name}) - 1" in text:
        return LAYERS + 1
    return LAYERS - 1 if f"len({name})" in text and "hidden" in name.lower() else 0


def _value(node: ast.expr, known: Mapping[str, ast.expr]) -> ast.expr | None:
    """What an expression of arguments is, if it is a setting: a type, or something that decides."""
    match node:
        case ast.Name(id=name) if name in known:
            return _value(known[name], known)
        case ast.Attribute(value=ast.Name(), attr="float32" | "float64"):
            return ast.Attribute(node.value, "float64", ast.Load())
        case _:
            pass
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    if not names <= {*known, *_BUILTIN}:
        return None
    try:
        space: dict[str, Any] = {"__builtins__": dict[str, Any](), **_BUILTIN}
        space |= {name: ast.literal_eval(known[name]) for name in names & {*known}}
        found: object = eval(ast.unparse(node), space)
    except Exception:  # not of these alone
        return None
    plain = type(found) in (bool, int, str, list, dict, type(None))
    return ast.parse(repr(found), mode="eval").body if plain else None


class _Values(ast.NodeTransformer):
    """`self.num_layers` as what it is."""

    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        self.generic_visit(node)
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=attr, ctx=ast.Load()) if (
                attr in self.values
            ):
                made = copy.deepcopy(self.values[attr])
                for part in ast.walk(made):
                    ast.copy_location(part, node)
                return made
            case _:
                return node
