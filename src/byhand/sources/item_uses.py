"""What a function reads of a dict: its keys, what their items are compared with, and what they are
called."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from byhand.sources.assigned import pairs


def string_keys(function: ast.FunctionDef, name: str) -> set[str]:
    """All strings that the function mentions beside a dict: keys that it may look for."""
    if not any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(function)):
        return set()
    return {
        n.value
        for n in ast.walk(function)
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def compared_with(name: str, key: str, function: ast.FunctionDef) -> tuple[str, ...]:
    """The strings that an item of a dict is compared with, itself or under a local name."""
    called: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for one, other in pairs(target, node.value):
                    if isinstance(one, ast.Name) and _reads(other, name, key):
                        called.add(one.id)
    found: list[str] = []
    for node in ast.walk(function):
        match node:
            case ast.Compare(left=left, comparators=[ast.Constant(value=str(text))]) if (
                isinstance(left, ast.Name) and left.id in called
            ) or _reads(left, name, key):
                found.append(text)
            case _:
                pass
    return tuple(found)


def _reads(node: ast.expr, name: str, key: str) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(id=held), slice=ast.Constant(value=said)):
            return held == name and said == key
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=held), attr="get"),
            args=[ast.Constant(value=said), *_],
        ):
            return held == name and said == key
        case _:
            return False


def unpacked_items(
    handed: ast.expr, parameter: str, function: ast.FunctionDef, other: ast.FunctionDef
) -> Mapping[str, str]:
    """What is in a dict, `params = {"W": W}`, by the locals of another function that it is handed
    on to, and that unpacks it: `W = params["W"]`."""
    held: dict[str, str] = {}
    for node in function.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys, values=values)):
                if isinstance(handed, ast.Name) and handed.id == name:
                    for key, value in zip(keys, values, strict=True):
                        if isinstance(key, ast.Constant) and isinstance(value, ast.Name):
                            held[str(key.value)] = value.id
            case _:
                pass
    called: dict[str, str] = {}
    for node in other.body if held else ():
        if isinstance(node, ast.Assign):
            for target, value in pairs(node.targets[0], node.value):
                for key, name in held.items():
                    if isinstance(target, ast.Name) and _reads(value, parameter, key):
                        called[target.id] = name
    return called
