"""Which Functions and custom ops a text has, and what their backward leaves out."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from byhand.program.expressions import is_none
from byhand.program.scopes import own_parts, own_statements
from byhand.sources.signature import elements, returns


def names_in(tree: ast.Module) -> list[str]:
    """What a module calls its Functions and custom ops, in its order, as its text tells."""
    found: list[str] = []
    own = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name, bases=bases) if any(
                (_last(base) == "Function" and "Function" not in own) or _last(base) in found
                for base in bases
            ):
                found.append(name)
            case ast.FunctionDef(name=name, decorator_list=decorators) if any(
                _last(each.func if isinstance(each, ast.Call) else each) == "custom_op"
                for each in decorators
            ):
                found.append(name)
            case _:
                pass
    return found


def _last(node: ast.expr) -> str:
    """The last name of `torch.autograd.Function`."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def unanswered(ends: Sequence[ast.Return], arguments: Sequence[str]) -> list[str]:
    """The arguments for which a backward with these `return`s gives None in all of them."""
    given = [elements(end.value) for end in ends]
    whole = [each for each in given if len(each) >= len(arguments)]
    if not whole or len(whole) < len(given):
        return []
    return [name for i, name in enumerate(arguments) if all(is_none(e[i]) for e in whole)]


def unread(backward: ast.FunctionDef) -> list[str]:
    """The locals to which a backward gives something, and which nothing reads."""
    names = [node for node in own_parts(backward) if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    given = [
        target.id
        for node in own_statements(backward)
        if isinstance(node, ast.Assign) and not is_none(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    return [name for name in dict.fromkeys(given) if name not in read]


def without_way_back(forward: ast.FunctionDef, backward: ast.FunctionDef) -> list[str]:
    """The outputs, as forward calls them, whose gradient backward is given and doesn't read, where
    it reads that of another."""
    upstream = [arg.arg for arg in backward.args.args[1:]]
    ends = [elements(end.value) for end in returns(forward)]
    if len(ends) != 1 or len(ends[0]) != len(upstream):
        return []
    names = [node for node in own_parts(backward) if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    if not read & {*upstream}:
        return []
    pairs = zip(ends[0], upstream, strict=True)
    return [ast.unparse(output) for output, name in pairs if name not in read]
