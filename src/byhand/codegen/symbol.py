"""An operand that writes: every op applied to it becomes a piece of code, and is computed too.

The value is that of this one run of forward. It gives the shapes, which decide where a sum over
broadcast axes is due; the code must hold for every size.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from byhand.codegen.sizes import Dim, SymInt
from byhand.engine.tensor import Tensor
from byhand.ops.arraylike import ArrayLike
from byhand.ops.op import Op
from byhand.values.arrays import Array


class Applies(Protocol):
    """What makes code of an op that is applied: an emitter."""

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Symbol: ...


class Symbol(ArrayLike):
    """A piece of code and its value. `tensor` is what it has the shape of, where that is known."""

    __slots__ = ("emitter", "node", "tensor", "value")

    def __init__(
        self, node: ast.expr, value: Any, emitter: Applies, tensor: Tensor | None = None
    ) -> None:
        self.node = node
        self.value: Array = np.asarray(value)
        self.emitter = emitter
        self.tensor = tensor

    def with_node(self, node: ast.expr) -> Symbol:
        """Other code for the same value."""
        return Symbol(node, self.value, self.emitter, self.tensor)

    @property
    def shape(self) -> tuple[int, ...]:
        tensor = self.tensor
        if tensor is None or tensor.value.shape != self.value.shape:
            return self.value.shape
        return tuple(SymInt(n, Dim(tensor, axis)) for axis, n in enumerate(self.value.shape))

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Symbol:
        return self.emitter.apply(op, args, params)
