"""Which lengths an op makes equal, as its record says it: those of axes, and forward's words.

Only what holds at every size is told. What isn't told here is no mistake: it costs a shorter name.
"""

# Recorded values and parameters can be anything.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

import ast
from collections.abc import Iterator

from byhand.codegen.nodes import binary
from byhand.codegen.sizes import Dim, SymInt, number_node
from byhand.engine.tensor import Tensor
from byhand.ops import axes

Length = axes.Axis | ast.expr
"""An axis of a tensor or of a plain array, or a length in forward's words."""


def equal_axes(tensor: Tensor) -> Iterator[tuple[Length, Length]]:
    """Pairs of lengths that the op of `tensor` makes equal."""
    arrays = [arg for arg in tensor.args if getattr(arg, "ndim", None) is not None]
    if tensor.op is None or not arrays:
        return
    for one, other in tensor.op.axes(tensor, arrays, tensor.params):
        left, right = _length(one), _length(other)
        if left is not None and right is not None:
            yield left, right


def _length(length: axes.Length) -> Length | None:
    """A length in words that hold at every size; None for a number that may be this run's."""
    match length:
        case tuple():
            return length
        case int():
            return number_node(length) if isinstance(length, SymInt) or length == 1 else None
        case list():
            return _added(length)


def _added(parts: list[axes.Axis]) -> ast.expr | None:
    total: ast.expr = ast.Constant(0)
    for x, axis in parts:
        if not isinstance(x, Tensor):
            return None
        total = binary(total, ast.Add(), Dim(x, axis))
    return total
