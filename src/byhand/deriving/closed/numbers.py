"""Numbers that forward has words for, such as `n - 1`, as factors that cancel.

Lengths that are equal at every size are one number, whatever words forward has for them.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.terms import NamedNumber
from byhand.deriving.codegen import nodes as nd
from byhand.deriving.codegen.sizes import Dim
from byhand.deriving.recording import where

if TYPE_CHECKING:
    from byhand.deriving.closed.ring import Ring


@dataclass(frozen=True)
class ForwardNames:
    """The values of what forward has names for."""

    names: Mapping[str, Any]

    def value(self, node: ast.expr) -> float | None:
        """None for what isn't a number, or can't be told."""
        match node:
            case Dim():
                return float(node.tensor.value.shape[node.axis])
            case ast.BinOp():
                left, right = self.value(node.left), self.value(node.right)
                if left is None or right is None:
                    return None
                node = ast.BinOp(ast.Constant(left), node.op, ast.Constant(right))
            case _:
                pass
        try:
            return float(eval(ast.unparse(node), dict(self.names)))
        except Exception:
            return None

    def name_of(self, array: Any) -> str:
        """The name that forward has for an array, or nothing."""
        place = where(array)
        return next((name for name, value in self.names.items() if where(value) == place), "")


def worded(ring: Ring, node: ast.expr, value: float) -> Poly:
    """A number with these words: products of numbers are taken apart, so that they cancel.

    So are sums of what isn't whole, as in `1 - smoothing`; n - 1 stays one number.
    """
    match node:
        case ast.Constant(value=int() | float() as x):
            return ring.number(x)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return ring.scaled(worded(ring, inner, -value), -1)
        case ast.BinOp(left=left, op=op, right=right):
            one, other = ring.words.value(left), ring.words.value(right)
            if one is not None and other is not None:
                a, b = worded(ring, left, one), worded(ring, right, other)
                fractional = one % 1 or other % 1
                match op:
                    case ast.Mult():
                        return ring.product(a, b)
                    case ast.Div():
                        return ring.product(a, ring.power(b, -1))
                    case ast.Add() if fractional:
                        return ring.sum(a, b)
                    case ast.Sub() if fractional:
                        return ring.sum(a, ring.scaled(b, -1))
                    case _:
                        pass
        case _:
            pass
    simple = isinstance(node, (Dim, ast.Name, ast.Subscript, ast.Attribute, ast.Call))
    key: Hashable = ring.lengths.key(node) if simple else ("words", nd.shown(node))
    root = ring.lengths.find(key)
    base = ring.base(("number", root), lambda: NamedNumber((), np.asarray(value), node=node))
    return ring.atom(base)
