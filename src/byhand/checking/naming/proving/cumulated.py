"""Cumulative sums: along which axis, from which end, and with or without the own element."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from byhand.checking.naming.proving.syntax import callee, parsed, text


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


@dataclass(frozen=True)
class _Sum:
    """A cumulative sum of `x`, as a whole: with what turns it around before and after."""

    x: ast.expr
    axis: int
    from_the_end: bool


def _sum(part: ast.AST) -> _Sum | None:
    turned = isinstance(part, ast.expr) and is_turned(part)
    summed = cumulated(_unturned(part) if turned else part)
    if summed is None or is_turned(summed[0]) != turned:
        return None
    x, axis = summed
    return _Sum(_unturned(x) if turned else x, axis, turned)


def _unturned(x: ast.AST) -> ast.expr:
    match x:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "torch")), args=[held, *_]):
            return held
        case ast.Subscript(value=held) | ast.Call(func=ast.Attribute(value=held)):
            return held
        case _:
            raise AssertionError("is not turned")


def from_the_other_end(part: ast.AST) -> Iterator[ast.expr]:
    """A cumulative sum along the same axis, backwards."""
    summed = _sum(part)
    if summed is not None and summed.from_the_end:
        yield parsed(f"{callee(summed.x)}.cumsum({summed.axis})")
    elif summed is not None:
        yield from sums_from_the_end(summed.x, summed.axis)


def without_its_own(part: ast.AST) -> Iterator[ast.expr]:
    """A cumulative sum less each place's own element."""
    summed = _sum(part)
    if summed is not None and isinstance(part, ast.expr):
        yield ast.BinOp(part, ast.Sub(), summed.x)


def with_its_own(part: ast.AST) -> Iterator[ast.expr]:
    """A cumulative sum from which each place's own element isn't taken away."""
    match part:
        case ast.BinOp(left=whole, op=ast.Sub(), right=own):
            summed = _sum(whole)
            if summed is not None and text(summed.x) == text(own):
                yield whole
        case _:
            pass
