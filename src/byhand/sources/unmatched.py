"""Gradients that a function returns and that are those of nothing its forward has: `dmiddle` where
there is no middle, `grads["bias1"]` of a b1. They can't be judged, and that is said."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from byhand.program.expressions import is_name
from byhand.program.scopes import own_parts
from byhand.sources.names import plain_name
from byhand.sources.signature import elements, owners, returns, said_by

_SEVERAL = re.compile(r"(d|grad|gradient|delta)s$|gradients?$|grad$", re.I)
"""What all gradients are called together, as in a dict."""


def unmatched(function: ast.FunctionDef, known: Collection[str]) -> dict[str, int]:
    """What the returned gradients that belong to nothing `known` are called, each with the line
    that gives it."""
    found: dict[str, int] = {}
    for each in elements(returns(function)[-1].value) if returns(function) else ():
        keys = dict(_keys(each, function))
        if keys:
            found |= _of_no_argument(keys, known)
        elif (
            isinstance(each, ast.Name)
            and not _SEVERAL.match(each.id)
            and plain_name(each.id) not in (each.id, *known)
        ):
            found[plain_name(each.id)] = _line(each, function)
    return found


def beside(
    function: ast.FunctionDef, arguments: Sequence[str], known: Collection[str]
) -> dict[str, int]:
    """The same where what has no name of theirs is that of the `arguments` by place."""
    ends = elements(returns(function)[-1].value) if returns(function) else []
    whose = owners([said_by(each) for each in ends], arguments)
    by_place = {plain_name(said_by(e) or "") for e, o in zip(ends, whose, strict=True) if o}
    found = unmatched(function, {*arguments, *known})
    return {name: line for name, line in found.items() if name not in by_place}


def _keys(node: ast.expr, function: ast.FunctionDef) -> Iterator[tuple[str, int]]:
    """The keys of a returned dict that are written out, with the lines of their values."""
    match node:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value.lineno
        case ast.Name(id=name) if not _is_handed_on(name, function):
            for part in own_parts(function):
                match part:
                    case ast.Assign(targets=[ast.Name(id=held)], value=ast.Dict() as made):
                        yield from _keys(made, function) if held == name else ()
                    case ast.Assign(
                        targets=[
                            ast.Subscript(
                                value=ast.Name(id=held), slice=ast.Constant(value=str(key))
                            )
                        ]
                    ) if held == name:
                        yield key, part.lineno
                    case _:
                        pass
        case _:
            pass


def _is_handed_on(name: str, function: ast.FunctionDef) -> bool:
    """Whether another function is handed the dict: what is in it may be passed on to the next step,
    as the gradient of a state."""
    calls = (part for part in own_parts(function) if isinstance(part, ast.Call))
    return any(is_name(arg, name) for call in calls for arg in call.args)


def _of_no_argument(keys: dict[str, int], known: Collection[str]) -> dict[str, int]:
    """Those of the keys that are called as gradients of arguments are, and are none of theirs."""
    bare = any(key in known for key in keys)
    written = any(key not in known and plain_name(key) in known for key in keys)
    return {
        plain_name(key): line
        for key, line in keys.items()
        if key not in known and plain_name(key) not in known
        if not any(each.startswith(f"{plain_name(key)}_") for each in known)  # a dict of its own
        if (bare if plain_name(key) == key else written)
    }


def _line(name: ast.Name, function: ast.FunctionDef) -> int:
    """The line of the last statement that binds a local."""
    lines = [
        part.lineno
        for part in own_parts(function)
        if isinstance(part, ast.Name) and part.id == name.id and isinstance(part.ctx, ast.Store)
    ]
    return max(lines, default=name.lineno)
