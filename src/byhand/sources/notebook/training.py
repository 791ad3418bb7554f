"""Training among the statements at the top: loops, and functions that have them inside."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from byhand.sources.flow import binds, reads
from byhand.sources.names import LOSS, base_of
from byhand.sources.unfolding import flat


def is_round(body: Sequence[ast.stmt]) -> bool:
    """Whether a value and its gradient are computed, or a loss and gradients of what is read."""
    bound = {name for each in body for name in binds(each)}
    if any(map(LOSS.search, bound)):
        known = bound.union(*map(reads, body))
    else:
        known = bound.difference(*(binds(each) for each in body if _looks_up(each)))
    return any(base_of(name) in known for name in bound)


def _looks_up(node: ast.stmt) -> bool:
    """Whether a statement computes nothing: `A, Z = caches[l]`, `A, Z = caches.pop()`, of what
    forward kept for the way back."""
    match node:
        case ast.Assign(value=ast.Subscript(value=ast.Name(), slice=index)):
            return not isinstance(index, ast.Constant)
        case ast.Assign(value=ast.Call(func=ast.Attribute(value=ast.Name(), attr="pop"))):
            return True
        case _:
            return False


def is_forward(body: Sequence[ast.stmt], answered: Collection[str]) -> bool:
    """Whether a loss is computed, and some of the names whose gradients are answered below."""
    bound = {name for each in body for name in binds(each)}
    return bool(bound & {*answered}) and any(map(LOSS.search, bound))


def has_both(node: ast.stmt) -> bool:
    """Whether a statement is a loop with values and their gradients in it."""
    if not isinstance(node, (ast.For, ast.While)):
        return False
    return is_round(node.body)


def trains(node: ast.stmt) -> bool:
    """Whether a statement is a loop that trains: it goes on and on, and nothing here needs it."""
    return isinstance(node, (ast.For, ast.While)) and any(
        isinstance(part, ast.Attribute) and part.attr in {"data", "step", "backward"}
        for part in ast.walk(node)
    )


def trains_inside(function: ast.FunctionDef) -> bool:
    """Whether a function has a training loop in it, with values and their gradients."""
    return any(has_both(node) for node in flat(function.body))
