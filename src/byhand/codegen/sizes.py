"""Numbers that know how forward wrote them, so that `n - 1` isn't printed as 31.

A `SymInt` is an int and a `SymFloat` a float, with a syntax tree for its text. Arithmetic keeps the
tree. `Dim` is the leaf for the length of one axis of a recorded tensor; which words say it (`n`,
`x.shape[0]`) is known only at the end.
"""

# Operators are looked up by name.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, ClassVar

from byhand.codegen.nodes import binary
from byhand.engine.tensor import Tensor


class Dim(ast.expr):
    """The length of an axis of a recorded tensor, in whatever words."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, tensor: Tensor, axis: int) -> None:
        super().__init__()
        self.tensor = tensor
        self.axis = axis


class SymInt(int):
    """An int with its text."""

    node: ast.expr

    def __new__(cls, value: int, node: ast.expr) -> SymInt:
        size = super().__new__(cls, value)
        size.node = node
        return size


class SymFloat(float):
    """A float with its text."""

    node: ast.expr

    def __new__(cls, value: float, node: ast.expr) -> SymFloat:
        factor = super().__new__(cls, value)
        factor.node = node
        return factor


def worded(value: int | float, node: ast.expr) -> Any:
    """`value` with this text. A number without any names in its text stays a plain number."""
    parts = [part for part in ast.walk(node) if isinstance(part, ast.expr)]
    if not any(isinstance(part, ast.Name) or not part._fields for part in parts):
        return value
    return SymInt(value, node) if isinstance(value, int) else SymFloat(value, node)


def number_node(value: int | float) -> ast.expr:
    return value.node if isinstance(value, (SymInt, SymFloat)) else ast.Constant(value)


_OPERATORS: dict[str, tuple[type[ast.operator], Callable[[Any, Any], Any]]] = {
    "add": (ast.Add, operator.add),
    "sub": (ast.Sub, operator.sub),
    "mul": (ast.Mult, operator.mul),
    "truediv": (ast.Div, operator.truediv),
    "floordiv": (ast.FloorDiv, operator.floordiv),
    "mod": (ast.Mod, operator.mod),
    "pow": (ast.Pow, operator.pow),
}


def _combine(kind: type[ast.operator], compute: Any, left: Any, right: Any) -> Any:
    if type(left) not in _NUMBERS or type(right) not in _NUMBERS:
        return NotImplemented
    value = compute(_plain(left), _plain(right))
    if not isinstance(value, (int, float)):
        return value
    left_node, right_node = number_node(left), number_node(right)
    return worded(value, binary(left_node, kind(), right_node))


_NUMBERS = {int, float, SymInt, SymFloat}


def _plain(value: int | float) -> int | float:
    return int(value) if isinstance(value, int) else float(value)


def _install(name: str, kind: type[ast.operator], compute: Any) -> None:
    def forward(self: Any, other: Any) -> Any:
        return _combine(kind, compute, self, other)

    def backward(self: Any, other: Any) -> Any:
        return _combine(kind, compute, other, self)

    for cls in (SymInt, SymFloat):
        setattr(cls, f"__{name}__", forward)
        setattr(cls, f"__r{name}__", backward)


for _name, (_kind, _compute) in _OPERATORS.items():
    _install(_name, _kind, _compute)


def _negated(self: Any) -> Any:
    return worded(-_plain(self), ast.UnaryOp(ast.USub(), self.node))


for _cls in (SymInt, SymFloat):
    setattr(_cls, "__neg__", _negated)  # noqa: B010
