"""What gives gradients in a file and belongs to no form that was found there: it is said, so that
nobody takes it for right."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from byhand.sources.names import plain_name
from byhand.sources.signature import parameters, returns

_NO_BACKWARD = re.compile(r"train|fit|update|clip|numeric|check|step|optim|main|test|init", re.I)
_DICT = re.compile(r"^(d?grads?|gradients?)$")


def left_over(tree: ast.Module, judged: Collection[str]) -> list[str]:
    """Notes on the functions and methods that put gradients into a dict, or return some by name,
    and are neither among those `judged` nor called by them."""
    defined = dict(_defined(tree))
    seen = {*judged}
    waiting = [name for name in defined if _is_among(name, judged)]
    while waiting:
        for name in _called(defined[waiting.pop()]):
            fresh = [each for each in defined if _is_among(each, {name}) and each not in seen]
            seen |= {*fresh}
            waiting += fresh
    return [
        f"{name} (line {node.lineno}) gives gradients, too, and isn't judged: it is none of the "
        "forms that are read"
        for name, node in defined.items()
        if not _is_among(name, seen) and not _NO_BACKWARD.search(node.name) and _gives(node)
    ]


def _defined(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions, and the methods by the names of their classes, too."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name):
                yield name, node
            case ast.ClassDef(name=owner, body=body):
                for each in body:
                    if isinstance(each, ast.FunctionDef):
                        yield f"{owner}.{each.name}", each
            case _:
                pass


def _is_among(name: str, judged: Collection[str]) -> bool:
    """Whether this is judged by its name, or that of its class."""
    owner, _, own = name.rpartition(".")
    return name in judged or own in judged or owner in judged


def _called(node: ast.FunctionDef) -> set[str]:
    calls = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
    return {
        call.id if isinstance(call, ast.Name) else call.attr
        for call in calls
        if isinstance(call, ast.Name | ast.Attribute)
    }


def _gives(node: ast.FunctionDef) -> bool:
    """Whether a function puts gradients into a dict, or returns some that it has by name."""
    for part in ast.walk(node):
        match part:
            case ast.Subscript(
                value=ast.Name(id=held) | ast.Attribute(attr=held), ctx=ast.Store()
            ) if _DICT.match(held):
                return True
            case _:
                pass
    ends = (part for end in returns(node) for part in ast.walk(end))
    names = {part.id for part in ends if isinstance(part, ast.Name)}
    known = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} | {*parameters(node)}
    return any(plain_name(name) != name and plain_name(name) in known for name in names)
