"""An operand that writes: every op applied to it becomes a piece of code, and is computed too.

The value is that of this one run of forward. It gives the shapes, which decide where a sum over
broadcast axes is due; the code must hold for every size.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from byhand.deriving.dialect import Dialect
from byhand.deriving.nodes import Changed, Value
from byhand.deriving.recording import Notes, where
from byhand.deriving.sizes import Dim, Factor, Size, number_node
from byhand.engine.tensor import Tensor
from byhand.errors import UnsupportedError
from byhand.ops.arraylike import ArrayLike
from byhand.ops.op import Array, Op
from byhand.program.kinds import is_array, is_torch

LONGEST_LITERAL = 16  # elements: a longer array without a name isn't spelled out


class Symbol(ArrayLike):
    """A piece of code and its value. `tensor` is what it has the shape of, where that is known."""

    __slots__ = ("node", "scribe", "tensor", "value")

    def __init__(
        self, node: ast.expr, value: Any, scribe: Scribe, tensor: Tensor | None = None
    ) -> None:
        self.node = node
        self.value: Array = np.asarray(value)
        self.scribe = scribe
        self.tensor = tensor

    @property
    def shape(self) -> tuple[int, ...]:
        tensor = self.tensor
        if tensor is None or tensor.value.shape != self.value.shape:
            return self.value.shape
        return tuple(Size(n, Dim(tensor, axis)) for axis, n in enumerate(self.value.shape))

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Symbol:
        return self.scribe.apply(op, args, params)


class Scribe:
    """Finds words for values: what forward called them, or else how they were made."""

    def __init__(self, notes: Notes, names: Mapping[Tensor, ast.expr], dialect: Dialect) -> None:
        self.notes = notes
        self.names = names
        self.dialect = dialect

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Symbol:
        value = op.forward(*map(_number, args), **{k: _number(v) for k, v in params.items()})
        symbols = [self.symbol(arg) for arg in args]
        return Symbol(self.dialect.expression(op, symbols, params, self), value, self)

    def symbol(self, value: Any) -> Symbol:
        if isinstance(value, Symbol):
            return value
        if isinstance(value, Tensor):
            return Symbol(self.tensor(value), value.value, self, value)
        return Symbol(self.node(value), _number(value), self)

    def tensor(self, tensor: Tensor) -> ast.expr:
        """A recorded tensor: by its name, or a leaf that is written out at the end."""
        return self.names.get(tensor) or Value(tensor)

    def node(self, value: Any) -> ast.expr:
        """Words for what isn't a tensor."""
        match value:
            case Symbol():
                return value.node
            case Tensor():
                return self.tensor(value)
            case Size() | Factor():
                return self.dialect.translated(number_node(value))
            case slice():
                parts = (value.start, value.stop, value.step)
                return ast.Slice(*(None if p is None else self.node(p) for p in parts))
            case tuple():
                return ast.Tuple([self.node(item) for item in value], ast.Load())
            case list():
                return ast.List([self.node(item) for item in value], ast.Load())
            case bool() | int() | float() | str() | None:
                return _constant(value)
            case _ if value is ...:
                return ast.Constant(...)
            case np.generic():
                return _constant(value.item())
            case _ if is_array(value) or is_torch(value):
                return self._array(value)
            case _:
                raise UnsupportedError(
                    f"a {type(value).__name__} has no name that the backward could use: "
                    "give it one in forward"
                )

    def _array(self, value: Any) -> ast.expr:
        place = where(value)
        if place in self.notes.words:
            return self.dialect.translated(self.notes.words[place])
        if place in self.notes.made:
            made = self.notes.made[place]
            return self.dialect.expression(
                made.op, [self.symbol(arg) for arg in made.args], made.params, self
            )
        if value.size > LONGEST_LITERAL:
            raise UnsupportedError(
                f"an array of shape {tuple(value.shape)} has no name that the backward could use: "
                "give it one in forward"
            )
        return self.dialect.array(value)


def _constant(value: Any) -> ast.expr:
    if isinstance(value, float) and not math.isfinite(value):
        sign = "-" if value < 0 else ""
        return ast.parse(f"{sign}np.inf" if math.isinf(value) else "np.nan", mode="eval").body
    return ast.Constant(value)


def _number(x: Any) -> Any:
    return x.value if isinstance(x, (Symbol, Tensor)) else x


def hoisted(symbol: Symbol) -> bool:
    """Whether it takes statements of its own."""
    return isinstance(symbol.node, Changed)
