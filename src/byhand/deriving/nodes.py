"""Building syntax trees, with leaves of our own for what gets its words at the end.

Trees are built small: a factor of 1 disappears, a minus sign moves to the front, a sum with a
negative term is a difference. What is left is what a person would have written.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from byhand.engine.tensor import Tensor


class Value(ast.expr):
    """The value of a recorded tensor that forward has no name for."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, tensor: Tensor) -> None:
        super().__init__()
        self.tensor = tensor


class Like(ast.expr):
    """Any array with the shape of a recorded tensor: only its shape matters."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, tensor: Tensor) -> None:
        super().__init__()
        self.tensor = tensor


Change = Callable[[ast.expr], list[ast.stmt]]
"""What changes the array that is given as an expression, as statements."""


@dataclass
class Changed(ast.expr):
    """A new array that takes statements to make: `base`, or else zeros like `like`, changed.

    `adds` says that the change adds to what is there already, so that it may come after others.
    """

    base: ast.expr | None
    like: Tensor | None
    change: Change
    adds: bool

    _fields: ClassVar[tuple[str, ...]] = ()


def name(text: str) -> ast.expr:
    """A name, or a dotted one."""
    first, *rest = text.split(".")
    node: ast.expr = ast.Name(first, ast.Load())
    for part in rest:
        node = ast.Attribute(node, part, ast.Load())
    return node


def call(function: str | ast.expr, *args: ast.expr, **options: ast.expr) -> ast.expr:
    func = name(function) if isinstance(function, str) else function
    return ast.Call(func, list(args), [ast.keyword(k, v) for k, v in options.items()])


def method(x: ast.expr, called: str, *args: ast.expr, **options: ast.expr) -> ast.expr:
    return call(ast.Attribute(x, called, ast.Load()), *args, **options)


def subscript(x: ast.expr, index: ast.expr) -> ast.expr:
    return ast.Subscript(x, index, ast.Load())


def store(target: ast.expr) -> Any:
    """The same place, to be assigned to."""
    match target:
        case ast.Subscript(value=value, slice=index):
            return ast.Subscript(value, index, ast.Store())
        case ast.Name(id=text):
            return ast.Name(text, ast.Store())
        case _:
            raise AssertionError(ast.dump(target))


def same(a: ast.AST, b: ast.AST) -> bool:
    return a is b or shown(a) == shown(b)


def shown(node: ast.AST) -> str:
    """A text that tells trees apart."""
    match node:
        case Value() | Like():
            return f"<{type(node).__name__} {id(node.tensor)}>"
        case ast.Name(id=text):
            return text
        case ast.Constant(value=value):
            return repr(value)
        case _:
            parts = [type(node).__name__]
            for _, part in ast.iter_fields(node):
                if isinstance(part, list):
                    parts += [shown(p) if isinstance(p, ast.AST) else repr(p) for p in part]  # pyright: ignore
                elif isinstance(part, ast.expr_context):
                    continue
                else:
                    parts.append(shown(part) if isinstance(part, ast.AST) else repr(part))
            if type(node).__name__ == "Dim":
                parts.append(f"{id(node.tensor)} {node.axis}")  # pyright: ignore
            return f"({' '.join(parts)})"


def literal(node: ast.expr) -> int | float | None:
    """The number that a tree just states."""
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case _:
            return None


def negative(x: ast.expr) -> ast.expr:
    value = literal(x)
    match x:
        case _ if value is not None:
            return ast.Constant(-value)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return inner
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return ast.BinOp(right, ast.Sub(), left)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right) if (
            literal(left) is not None
        ):
            return binary(negative(left), op, right)
        case _:
            return ast.UnaryOp(ast.USub(), x)


def _unsigned(x: ast.expr) -> ast.expr | None:
    """What `x` is the negative of, if it begins with a minus sign."""
    match x:
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return inner
        case ast.Constant(value=int() | float() as value) if value < 0:
            return ast.Constant(-value)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            inner = _unsigned(left)
            return None if inner is None else binary(inner, op, right)
        case _:
            return None


def binary(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
    """`left op right` for scalars and for arrays where neither changes the other's shape."""
    a, b = literal(left), literal(right)
    match op:
        case ast.Add():
            if a == 0:
                return right
            if b == 0:
                return left
            if (inner := _unsigned(right)) is not None:
                return ast.BinOp(left, ast.Sub(), inner)
            if (inner := _unsigned(left)) is not None and literal(left) is None:
                return ast.BinOp(right, ast.Sub(), inner)
        case ast.Sub():
            if b == 0:
                return left
            if a == 0:
                return negative(right)
            if (inner := _unsigned(right)) is not None:
                return ast.BinOp(left, ast.Add(), inner)
        case ast.Mult() if a is not None and b is not None:
            return ast.Constant(a * b)
        case ast.Mult() | ast.Div() if b == 1:
            return left
        case ast.Mult() if a == 1:
            return right
        case ast.Mult() if a == -1:
            return negative(right)
        case ast.Mult() | ast.Div() if b == -1:
            return negative(left)
        case ast.Mult() | ast.Div() if (
            isinstance(right, ast.UnaryOp)
            and isinstance(right.op, ast.USub)
            and not isinstance(right.operand, ast.Constant)
        ):
            return negative(binary(left, op, right.operand))
        case ast.Mult() if (
            isinstance(right, ast.BinOp)
            and isinstance(right.op, ast.Div)
            and literal(right.left) in (1, -1)
        ):
            return binary(binary(left, ast.Mult(), right.left), ast.Div(), right.right)
        case ast.Pow() if b == 1:
            return left
        case _:
            pass
    return ast.BinOp(left, op, right)
