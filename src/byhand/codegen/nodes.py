"""Building syntax trees, with leaves of our own for what gets its words at the end.

Trees are built small: a factor of 1 disappears, a minus sign moves to the front, a sum with a
negative term is a difference. What is left is what a person would have written.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from byhand.engine.tensor import Tensor


class UnnamedValue(ast.expr):
    """The value of a recorded tensor that forward has no name for."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, tensor: Tensor) -> None:
        super().__init__()
        self.tensor = tensor


class ShapeLike(ast.expr):
    """Any array with the shape of a recorded tensor: only its shape matters."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, tensor: Tensor) -> None:
        super().__init__()
        self.tensor = tensor


class ListItem(ast.expr):
    """A recorded tensor that is an item of a list, or its gradient: `hs[2]`, or `hs[t]`."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, tensor: Tensor, gradient: bool) -> None:
        super().__init__()
        self.tensor = tensor
        self.gradient = gradient


class _Target(ast.expr):
    _fields: ClassVar[tuple[str, ...]] = ()


_TARGET = _Target()

Change = Callable[[ast.expr, bool], list[ast.stmt]]
"""What changes the array that is given as an expression, as statements. The second argument says
whether it is still all zeros."""


@dataclass(eq=False)
class Changed(ast.expr):
    """A new array that takes statements to make: `base`, or else zeros like `like`, changed.

    `of` has the type that the zeros must have. `adds` says that the change adds to what is there
    already, so that it may come after others.
    """

    base: ast.expr | None
    like: Tensor | tuple[int, ...] | None
    change: Change
    adds: bool
    of: ast.expr | None = None

    _fields: ClassVar[tuple[str, ...]] = ()


def name(text: str) -> ast.expr:
    """A name, or a dotted one."""
    first, *rest = text.split(".")
    node: ast.expr = ast.Name(first, ast.Load())
    for part in rest:
        node = ast.Attribute(node, part, ast.Load())
    return node


def parsed(text: str) -> ast.expr | None:
    """The expression that a step's name is: `x`, `hs[2]`; None for what is no expression."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


def text(node: ast.expr) -> str:
    return ast.unparse(node)


def length(node: ast.expr) -> int:
    """About how many characters an expression takes."""
    return len(ast.unparse(rebuilt(node, _short)))


def _short(leaf: ast.expr) -> ast.expr:
    ours = isinstance(leaf, ast.expr) and not leaf._fields  # pyright: ignore[reportUnnecessaryIsInstance]
    return ast.Name("a_name", ast.Load()) if ours else leaf


def mentions(node: ast.AST, target: str) -> bool:
    """Whether the text of an expression has `target` in it."""
    if isinstance(node, (ast.Name, ast.Subscript)) and shown_target(node) == target:
        return True
    if isinstance(node, Changed):
        return any(mentions(part, target) for part in parts(node))
    return any(mentions(child, target) for child in ast.iter_child_nodes(node))


def shown_target(node: ast.expr) -> str:
    leaves = all(isinstance(n, PLAIN) for n in ast.walk(node))
    return ast.unparse(node) if leaves else ""


PLAIN = (ast.Name, ast.Subscript, ast.Constant, ast.expr_context)


def leaves(node: ast.AST, kind: type[Any] | tuple[type[Any], ...]) -> list[Any]:
    return [n for part in parts(node) for n in ast.walk(part) if isinstance(n, kind)]


def parts(node: ast.AST) -> list[ast.AST]:
    """The node, or the statements that it takes to make it."""
    if not isinstance(node, Changed):
        return [node]
    made = node.change(ast.Name("_", ast.Load()), True)
    return [*made, *([node.base] if node.base else [])]


def rebuilt(node: Any, leaf: Callable[[ast.expr], ast.expr]) -> Any:
    """The tree with every node put through `leaf`, from the leaves up. The old one stays."""
    if isinstance(node, Changed):
        change, base = node.change, node.base

        def changed(target: ast.expr, first: bool) -> list[ast.stmt]:
            made = [rebuilt(each, leaf) for each in change(_TARGET, first)]  # not what is changed
            return [rebuilt(each, lambda n: target if n is _TARGET else n) for each in made]

        return Changed(
            None if base is None else rebuilt(base, leaf),
            node.like,
            changed,
            node.adds,
            node.of and rebuilt(node.of, leaf),
        )
    replaced = leaf(node)
    if isinstance(replaced, Changed):
        return rebuilt(replaced, leaf)
    if replaced is not node:
        return replaced
    if not node._fields:
        return node
    new = type(node)()
    for field, part in ast.iter_fields(node):
        if isinstance(part, list):
            part = [rebuilt(p, leaf) if isinstance(p, ast.AST) else p for p in part]  # pyright: ignore
        elif isinstance(part, ast.AST) and not isinstance(part, (ast.operator, ast.expr_context)):
            part = rebuilt(part, leaf)
        setattr(new, field, part)
    return new


def tidied(node: Any) -> Any:
    """The tree with what only shows once all is in place: a transpose of a transpose, 1e9."""
    return rebuilt(node, _tidy) if _tidy(node) is node else tidied(_tidy(node))


def _tidy(node: Any) -> Any:
    match node:
        case ast.Attribute(value=inner, attr="T" | "mT" as turned) if (
            isinstance(inner, ast.Attribute) and inner.attr == turned
        ):
            return tidied(inner.value)
        case ast.Attribute(
            value=ast.BinOp(left=left, op=ast.MatMult(), right=right), attr="T" | "mT" as turned
        ):
            one, other = (ast.Attribute(x, turned, ast.Load()) for x in (right, left))
            return tidied(ast.BinOp(one, ast.MatMult(), other))
        case ast.Constant(value=float() as value) if 0 < abs(value) < 1e-3 or abs(value) >= 1e6:
            said = re.sub(r"e([+-])0*", lambda m: "e" + m[1].strip("+"), f"{value:g}")
            return ast.Name(said, ast.Load()) if float(said) == value else node
        case ast.AugAssign(target=target, op=ast.Add(), value=value) if (
            positive := unsigned(value)
        ) is not None:
            return ast.AugAssign(target, ast.Sub(), positive)  # pyright: ignore
        case ast.Call(
            func=ast.Attribute(attr="full_like", value=ast.Name(id=module)),
            args=[like, ast.Constant(value=1.0)],
        ):
            return call(f"{module}.ones_like", like)
        case _:
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
            return target  # a leaf, which becomes one of these


def same(a: ast.AST, b: ast.AST) -> bool:
    return a is b or shown(a) == shown(b)


def shown(node: ast.AST) -> str:
    """A text that tells trees apart."""
    match node:
        case UnnamedValue() | ShapeLike() | ListItem():
            return f"<{type(node).__name__} {id(node.tensor)} {getattr(node, 'gradient', '')}>"
        case ast.Name(id=text):
            return text
        case ast.Constant(value=value):
            return repr(value)
        case _:
            parts = [type(node).__name__]
            for _, part in ast.iter_fields(node):
                if type(part) is list:
                    parts += [shown(p) if isinstance(p, ast.AST) else repr(p) for p in part]  # pyright: ignore
                elif isinstance(part, ast.expr_context):
                    continue
                else:
                    parts.append(shown(part) if isinstance(part, ast.AST) else repr(part))
            if type(node).__name__ == "Dim":
                parts.append(f"{id(node.tensor)} {node.axis}")  # pyright: ignore
            return f"({' '.join(parts)})"


def axes(numbers: tuple[int, ...]) -> ast.expr:
    """One axis as a number, several as a tuple."""
    if len(numbers) == 1:
        return ast.Constant(numbers[0])
    return ast.Tuple([ast.Constant(n) for n in numbers], ast.Load())


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
        case _ if (positive := unsigned(x)) is not None:
            return positive
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return ast.BinOp(right, ast.Sub(), left)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right) if (
            literal(left) is not None
        ):
            return binary(negative(left), op, right)
        case _:
            return ast.UnaryOp(ast.USub(), x)


def unsigned(x: ast.expr) -> ast.expr | None:
    """What `x` is the negative of, if it begins with a minus sign."""
    match x:
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return inner
        case ast.Constant(value=int() | float() as value) if value < 0:
            return ast.Constant(-value)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            inner = unsigned(left)
            return None if inner is None else binary(inner, op, right)
        case _:
            return None


def _scaled(x: ast.expr) -> tuple[int | float, ast.expr] | None:
    """The number that a product begins with, and the rest of it."""
    match x:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            number = literal(left)
            if number is not None:
                return number, right
            inner = _scaled(left)
            return None if inner is None else (inner[0], ast.BinOp(inner[1], ast.Mult(), right))
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
            if (inner := unsigned(right)) is not None:
                return ast.BinOp(left, ast.Sub(), inner)
            if (inner := unsigned(left)) is not None and literal(left) is None:
                return ast.BinOp(right, ast.Sub(), inner)
        case ast.Sub():
            if b == 0:
                return left
            if a == 0:
                return negative(right)
            if (inner := unsigned(right)) is not None:
                return ast.BinOp(left, ast.Add(), inner)
        case ast.Mult() if a is not None and b is not None:
            return ast.Constant(a * b)
        case ast.Mult() | ast.Div() if b == 1:
            return left
        case ast.Mult() if a == 1:
            return right
        case ast.Mult() if a == -1:
            return negative(right)
        case ast.Mult() if b == -1:
            return negative(left)
        case ast.Mult() if b is not None:
            return binary(right, op, left)
        case ast.Mult() if (
            a is not None and isinstance(right, ast.BinOp) and isinstance(right.op, ast.Div)
        ):
            return binary(binary(left, op, right.left), ast.Div(), right.right)
        case ast.Mult() if a is not None and (inner := _scaled(right)) is not None:
            return binary(ast.Constant(a * inner[0]), op, inner[1])
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
