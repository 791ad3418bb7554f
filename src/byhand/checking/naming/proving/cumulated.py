"""Cumulative sums: along which axis, and from which end."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from byhand.checking.naming.proving.syntax import callee, parsed


def cumulated(part: ast.AST) -> tuple[ast.expr, int] | None:
    """What `np.cumsum(x, axis)` or `x.cumsum(axis)` adds up, and along which axis; 0 where none is
    said, as of a vector."""
    match part:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "torch"), attr="cumsum")):
            x, given = part.args[0], part.args[1:]
        case ast.Call(func=ast.Attribute(value=x, attr="cumsum"), args=given):
            pass
        case _:
            return None
    given = [*given, *(k.value for k in part.keywords if k.arg in ("axis", "dim"))]
    try:
        axis = ast.literal_eval(given[0]) if given else 0
    except ValueError:
        return None
    return (x, axis) if isinstance(axis, int) else None


def is_turned(x: ast.expr) -> bool:
    """Whether an expression is an array backwards: `x[::-1]`, `x.flip(0)`."""
    match x:
        case ast.Subscript(slice=ast.Tuple(elts=[*slices])):
            return any(map(_backwards, slices))
        case ast.Subscript(slice=one):
            return _backwards(one)
        case ast.Call(func=ast.Attribute(attr="flip")):
            return True
        case _:
            return False


def _backwards(index: ast.expr) -> bool:
    match index:
        case ast.Slice(step=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1))):
            return True
        case _:
            return False


def sums_from_the_end(x: ast.expr, axis: int) -> Iterator[ast.expr]:
    """The cumulative sum from the last element on, of arrays and of tensors."""
    turned = f"[..., ::-1{', :' * (-1 - axis)}]" if axis < 0 else f"[{':, ' * axis}::-1]"
    yield parsed(f"{callee(x)}{turned}.cumsum({axis}){turned}")
    yield parsed(f"{callee(x)}.flip({axis}).cumsum({axis}).flip({axis})")
