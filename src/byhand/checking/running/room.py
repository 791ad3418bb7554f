"""Room for gradients: arrays that are made to be filled, and lists that grow item by item. Where a
statement raises that should have put an item in, something stands for it, so that the others keep
their places."""

from __future__ import annotations

import ast
import contextlib
from typing import Any

from byhand.program.statements import Namespace, Statement

_ROOM = ("zeros", "zeros_like", "empty", "empty_like", "new_zeros", "new_empty")
_GROWS = ("append", "insert", "appendleft")


def makes_room(node: ast.stmt) -> bool:
    """Whether a statement makes an array to be filled, as `dx = np.empty_like(x)` does."""
    match node:
        case ast.Assign(value=ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name))):
            return name in _ROOM
        case _:
            return False


def grown_by(node: ast.stmt) -> str | None:
    """The local whose list a statement makes longer by one."""
    match node:
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=how), args=[*_, _])
        ) if how in _GROWS:
            return name
        case _:
            return None


def grow(statement: Statement, namespace: Namespace, instead: Any) -> None:
    """Does what such a statement would have done, with something else to put in."""
    match statement.node:
        case ast.Expr(value=ast.Call(func=method, args=[*places, _])):
            with contextlib.suppress(Exception):  # there may be no list, or no such place
                at = [statement.evaluate(each, namespace) for each in places]
                statement.evaluate(method, namespace)(*at, instead)
        case _:
            pass
