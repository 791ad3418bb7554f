"""What an expression is, as far as a formula of it is concerned."""

from __future__ import annotations

import ast


def is_count(node: ast.expr) -> bool:
    """Whether it is 0, 1, 2, ..., as `np.arange(n)`."""
    return (
        isinstance(node, ast.Call)
        and len(node.args) == 1
        and ast.unparse(node.func).rpartition(".")[2] in ("arange", "range")
    )


def without_minus(node: ast.expr) -> ast.expr | None:
    """A product without the minus that it begins with; None if it begins with none."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=inside):
            return inside
        case ast.BinOp(left=left, op=(ast.Mult() | ast.MatMult()) as op, right=right):
            bare = without_minus(left)
            return None if bare is None else ast.BinOp(bare, op, right)
        case _:
            return None


def elementwise(node: ast.expr) -> bool:
    """Whether it is a product of two arrays, element by element."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return not (is_number(left) or is_number(right))
        case _:
            return False


def is_number(node: ast.expr) -> bool:
    """Whether it is a plain number: a constant, a length, or worked out from such."""
    match node:
        case ast.Constant() | ast.Subscript(value=ast.Attribute(attr="shape")):
            return True
        case ast.Call(func=ast.Name(id="len")) | ast.Attribute(attr="size"):
            return True
        case ast.UnaryOp(operand=inside):
            return is_number(inside)
        case ast.BinOp(left=left, right=right):
            return is_number(left) and is_number(right)
        case _:
            return False
