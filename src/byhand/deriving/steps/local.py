"""Back through one op: from the gradient of its result to the contribution of one argument.

The rules give a contribution in the shape of the result; along the axes where the argument was
broadcast it is summed here, and nowhere else. A gradient that is one number for all elements stays
one number for as long as the rules allow.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.codegen import nodes as nd
from byhand.codegen.changes import once
from byhand.codegen.emitter import Emitter
from byhand.codegen.nodes import Changed
from byhand.codegen.notes import Iteration, LoopCounter
from byhand.codegen.sizes import SymInt
from byhand.codegen.symbol import Symbol
from byhand.deriving.steps.contributions import Contribution, Section
from byhand.deriving.steps.rules import rule_for
from byhand.engine.tensor import Tensor
from byhand.ops.indexing import PUT
from byhand.ops.linear import MATMUL
from byhand.ops.op import Op
from byhand.ops.reduction import CUMPROD, PROD


@dataclass(frozen=True)
class Local:
    """Local derivatives, written. `iterations` says in which one of a loop a value was made."""

    emitter: Emitter
    iterations: Mapping[Tensor, Iteration]

    def contribution(
        self, tensor: Tensor, position: int, arg: Tensor, g: Symbol
    ) -> Contribution | None:
        """What `tensor` gives back to its argument at `position`; None if nothing."""
        op = tensor.op
        assert op is not None
        if op.vjp(position) is None:
            return None
        g = Symbol(g.node, g.value, self.emitter, g.tensor)
        if op.permutes and g.value.ndim == 0:
            return Contribution(Symbol(g.node, g.value, self.emitter, arg))
        g, params = self.fed(op, g, tensor)
        contribution = self.by_rule(op, position, arg, g, tensor, params)
        if op.name == "split":
            part = Section(g, params["axis"], params["start"], params["stop"])
            return Contribution(contribution, part=part)
        return self.fitted(contribution, tensor, arg)

    def fed(self, op: Op, g: Symbol, tensor: Tensor) -> tuple[Symbol, Mapping[str, Any]]:
        """The gradient in a shape that the rule takes, and the parameters to go with it."""
        arrays_only = (op.family == "linear" and op is not MATMUL) or op is PUT
        literal = arrays_only and nd.literal(g.node) is not None
        if literal or (g.value.ndim == 0 < tensor.value.ndim and self.needs_type(op, tensor)):
            return spread(self.emitter, g, tensor), tensor.params
        if op.structure == "reduction" and g.value.ndim == 0 < tensor.value.ndim:
            return g, {**tensor.params, "keepdims": True}
        one_number = op.name == "getitem" and g.value.ndim == 0
        if (g.value.shape != tensor.value.shape and op.family != "elementwise") and not one_number:
            g = spread(self.emitter, g, tensor)
        return g, tensor.params

    def needs_type(self, op: Op, tensor: Tensor) -> bool:
        """Whether the rule multiplies by a mask: PyTorch makes float32 of that and a number."""
        masking = op.kink in ("arguments", "elements") or op in (PROD, CUMPROD)
        masking = masking or any(map(_is_mask, tensor.args))
        return masking and self.emitter.dialect.name == "torch"

    def by_rule(
        self,
        op: Op,
        position: int,
        arg: Tensor,
        g: Symbol,
        tensor: Tensor,
        params: Mapping[str, Any],
    ) -> Symbol:
        """The local derivative, written."""
        out = self.emitter.symbol(tensor)
        if params.get("keepdims") and not tensor.params.get("keepdims"):
            out = self.aligned(out, tensor.params.get("axis"), arg)
        inputs = [self.input(a) for a in tensor.args]
        if op.name == "power" and not isinstance(tensor.args[0], Tensor):
            inputs[0] = self.emitter.symbol(tensor.args[0])
        rule = rule_for(op.name, self.emitter)
        if op.name == "getitem" and g.value.ndim == 0 < tensor.value.ndim:
            g, rule = self.everywhere(g, tensor, arg), None
        if rule is not None:
            return rule(g, out, *inputs, **params)
        iteration = self.iterations.get(arg)
        if op.name == "stack" and iteration is not None and iteration.place == position:
            place = SymInt(position, LoopCounter(iteration))  # the item of a comprehension
            assert op.vjps[0] is not None
            return op.vjps[0](place, g, out, *inputs, **params)
        vjp = op.vjp(position)
        assert vjp is not None
        return vjp(g, out, *inputs, **params)

    def aligned(self, out: Symbol, axis: Any, arg: Tensor) -> Symbol:
        if axis is None or arg.value.ndim == 1:
            return out
        return np.expand_dims(out, axis)  # pyright: ignore

    def everywhere(self, g: Symbol, tensor: Tensor, arg: Tensor) -> Symbol:
        """One number for every element that was read: assigning it spreads it."""
        at = self.emitter.index(tensor.params["index"], arg.value.shape)
        if self.emitter.dialect.name == "torch" and not once(tensor.params["index"], at):
            return spread(self.emitter, g, tensor)
        return Symbol(g.node, np.broadcast_to(g.value, tensor.value.shape), self.emitter)

    def input(self, arg: Any) -> Any:
        """What a rule gets for an argument: a symbol, or a number as it is."""
        if isinstance(arg, Tensor) or hasattr(arg, "dtype"):
            return self.emitter.symbol(arg)
        return arg

    def fitted(self, contribution: Symbol, tensor: Tensor, arg: Tensor) -> Contribution:
        """A contribution summed over the axes along which `arg` was broadcast."""
        op, shape, why = tensor.op, arg.value.shape, ""
        assert op is not None
        if isinstance(contribution.node, Changed):
            return Contribution(contribution)
        elementwise = op.family == "elementwise" or op.name == "broadcast_to"
        if (
            elementwise
            and shape != tensor.value.shape
            and contribution.value.shape != tensor.value.shape
        ):
            contribution = spread(self.emitter, contribution, tensor)
        extra = contribution.value.ndim - len(shape)
        if extra > 0:
            axes = tuple(range(extra))
            everything = extra == contribution.value.ndim
            contribution = self.summed(contribution, None if everything else axes, keep=False)
            why = "broadcast over all axes" if everything else _over(axes)
        front = len(shape) - contribution.value.ndim
        lengths = enumerate(contribution.value.shape)
        copied = tuple(i for i, n in lengths if n != 1 and shape[front + i] == 1)
        if copied:
            contribution = self.summed(contribution, copied, keep=True)
            why = _over(copied)
        whole = arg if contribution.value.shape == shape else None
        return Contribution(
            Symbol(contribution.node, contribution.value, self.emitter, whole), why=why
        )

    def summed(self, x: Symbol, axes: tuple[int, ...] | None, keep: bool) -> Symbol:
        positive = nd.unsigned(x.node)
        node = self.emitter.dialect.summed(x.node if positive is None else positive, axes, keep)
        node = node if positive is None else nd.negative(node)
        return Symbol(node, x.value.sum(axes, keepdims=keep), self.emitter)


def spread(emitter: Emitter, g: Symbol, tensor: Tensor) -> Symbol:
    """`g` in the full shape of `tensor`."""
    node = emitter.dialect.spread(g.node, nd.ShapeLike(tensor), g.value.ndim == 0)
    return Symbol(node, np.broadcast_to(g.value, tensor.value.shape), emitter, tensor)


def _is_mask(arg: Any) -> bool:
    """Whether an argument is an array of no floats, NumPy's or PyTorch's."""
    dtype = getattr(arg, "dtype", None)
    kind = getattr(dtype, "kind", "f")
    return not getattr(dtype, "is_floating_point", kind == "f")


def _over(axes: Sequence[int]) -> str:
    return f"broadcast over axis {' and '.join(map(str, axes))}"
