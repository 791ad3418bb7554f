# pyright: basic
"""A function of tensors as one op of the engine's, whose local derivative autograd gives.

So a forward that can't be followed statement by statement still says what is true of a backward
whose statements are to be judged. How far rounding may take its gradients is estimated: by the
largest element of the gradients of upstreams of the same size and random signs, which don't cancel
where those of the real one do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch

from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.ops.op import Op
from byhand.values.arrays import Array

PROBES = 2


def as_op(call: Callable[..., tuple[Any, ...]], arguments: Sequence[Any]) -> Any:
    """What `call` gives on arguments of which some are traced: tensors of the same trace.

    On plain tensors it is only called.
    """
    traced = [i for i, value in enumerate(arguments) if isinstance(value, Tensor)]
    if not traced:
        return _one_or_all(call(*arguments))
    called = _Called(call, tuple(arguments), tuple(traced))
    values = [arguments[i].value for i in traced]
    count = len(called.outputs(values)[0])
    tensors = [arguments[i] for i in traced]
    kind = type(tensors[0])
    made = [kind(called.forward(k, *values), called.op(k), tuple(tensors)) for k in range(count)]
    return _one_or_all(tuple(made))


@dataclass
class _Called:
    """One call, and what was found of it last: the graph of values, the gradients of upstreams."""

    call: Callable[..., tuple[Any, ...]]
    arguments: tuple[Any, ...]
    traced: tuple[int, ...]
    seen: tuple[Sequence[Any], Any] | None = None
    found: list[tuple[Any, Any, Any]] = field(default_factory=list)

    def op(self, output: int) -> Op:
        return Op(
            name="the reference",
            family="linear",
            structure="reduction",
            forward=partial(self.forward, output),
            vjps=tuple(partial(self.vjp, output, i) for i in range(len(self.traced))),
            domains=(),
            samples=(),
        )

    def forward(self, output: int, *values: Array) -> Array:
        return self.outputs(values)[0][output].detach().double().numpy()

    def outputs(self, values: Sequence[Array]) -> tuple[tuple[Any, ...], list[Any]]:
        """The outputs with their graph, and the leaves."""
        if self.seen is not None and all(a is b for a, b in zip(self.seen[0], values, strict=True)):
            return self.seen[1]
        leaves = [torch.from_numpy(np.array(value)).requires_grad_() for value in values]
        given = list(self.arguments)
        for i, leaf in zip(self.traced, leaves, strict=True):
            given[i] = leaf
        with torch.enable_grad():
            found = self.call(*given), leaves
        self.seen, self.found = ([*values], found), []
        return found

    def vjp(self, output: int, position: int, g: Any, out: Any, *inputs: Any) -> Any:
        values = [each.value if isinstance(each, Bounded) else each for each in inputs]
        outputs, leaves = self.outputs(values)
        upstream = g.value if isinstance(g, Bounded) else np.broadcast_to(g, outputs[output].shape)
        known = [each for each in self.found if each[0] == output and each[1] is g]
        if not known:
            known = [(output, g, self.gradients(outputs[output], leaves, upstream))]
            self.found = [*self.found[-8:], *known]
        gradients, sizes = known[0][2]
        if not isinstance(g, Bounded):
            return gradients[position]
        relative = np.max(g.error / np.where(g.value == 0, np.inf, np.abs(g.value)), initial=1.0)
        value = gradients[position]
        return Bounded(value, np.abs(value) + sizes[position] * (1 + relative))

    def gradients(
        self, output: Any, leaves: Sequence[Any], upstream: Array
    ) -> tuple[list[Array], list[float]]:
        """The gradients of all arguments, and the largest that other signs give for each."""

        def of(g: Array) -> list[Array]:
            if not output.requires_grad:
                return [np.zeros(tuple(leaf.shape)) for leaf in leaves]
            sent = torch.from_numpy(np.array(g)).to(output.dtype)
            found = torch.autograd.grad(
                output, leaves, sent, retain_graph=True, allow_unused=True, materialize_grads=True
            )
            return [each.detach().double().numpy() for each in found]

        gradients = of(upstream)
        rng = np.random.default_rng(0)
        signs = [np.sign(rng.normal(size=upstream.shape)) for _ in range(PROBES)]
        probes = [gradients, *(of(np.abs(upstream) * each) for each in signs)]
        sizes = [
            max(float(np.max(np.abs(found[i]), initial=0.0)) for found in probes)
            for i in range(len(leaves))
        ]
        return gradients, sizes


def _one_or_all(outputs: tuple[Any, ...]) -> Any:
    return outputs[0] if len(outputs) == 1 else outputs
