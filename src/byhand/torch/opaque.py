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
from byhand.errors import UnsupportedError
from byhand.ops.op import Op
from byhand.values.arrays import Array
from byhand.values.torch_random import seed_torch

PROBES = 2


def as_op(call: Callable[..., tuple[Any, ...]], arguments: Sequence[Any]) -> Any:
    """What `call` gives on arguments of which some are traced: tensors of the same trace.

    On plain tensors it is only called.
    """
    return _traced(_CallSeen, call, arguments)


def as_differences(
    call: Callable[..., tuple[Any, ...]], arguments: Sequence[Any], eps: float
) -> Any:
    """The same where autograd sees nothing: the local derivative is by differences of what rounds
    by `eps`."""
    return _traced(partial(_Differences, eps), call, arguments)


def _traced(
    kind: Callable[..., _CallSeen | _Differences],
    call: Callable[..., tuple[Any, ...]],
    arguments: Sequence[Any],
) -> Any:
    traced = [i for i, value in enumerate(arguments) if isinstance(value, Tensor)]
    if not traced:
        return one_or_all(call(*arguments))
    called = kind(call, tuple(arguments), tuple(traced))
    tensors = tuple(arguments[i] for i in traced)
    values = [tensor.value for tensor in tensors]
    made = [
        type(tensors[0])(
            value,
            Op(
                name="the reference",
                family="linear",
                structure="opaque",
                forward=partial(called.forward, output),
                vjps=tuple(partial(called.vjp, output, i) for i in range(len(traced))),
                domains=(),
                samples=(),
            ),
            tensors,
        )
        for output, value in enumerate(called.forwards(values))
    ]
    return one_or_all(tuple(made))


@dataclass
class _CallSeen:
    """One call, and what was found of it last: the graph of values, the gradients of upstreams."""

    call: Callable[..., tuple[Any, ...]]
    arguments: tuple[Any, ...]
    traced: tuple[int, ...]
    seen: tuple[Sequence[Any], Any] | None = None
    found: list[tuple[Any, Any, Any]] = field(default_factory=list)

    def forwards(self, values: Sequence[Array]) -> list[Array]:
        return [_array(output) for output in self.outputs(values)[0]]

    def forward(self, output: int, *values: Array) -> Array:
        return self.forwards(values)[output]

    def outputs(self, values: Sequence[Array]) -> tuple[tuple[Any, ...], list[Any]]:
        """The outputs with their graph, and the leaves."""
        if self.seen is not None and _same(self.seen[0], values):
            return self.seen[1]
        leaves = [torch.from_numpy(np.array(value)).requires_grad_() for value in values]
        given = list(self.arguments)
        for i, leaf in zip(self.traced, leaves, strict=True):
            given[i] = leaf
        seed_torch()
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


@dataclass
class _Differences:
    """One call, and all slopes of its outputs, by central differences at two distances."""

    eps: float
    call: Callable[..., tuple[Any, ...]]
    arguments: tuple[Any, ...]
    traced: tuple[int, ...]
    seen: tuple[Sequence[Any], Any] | None = None

    def forwards(self, values: Sequence[Array]) -> list[Array]:
        given = list(self.arguments)
        for i, value in zip(self.traced, values, strict=True):
            given[i] = torch.from_numpy(np.array(value))
        return [_array(output) for output in self.call(*given)]

    def forward(self, output: int, *values: Array) -> Array:
        return self.forwards(values)[output]

    def vjp(self, output: int, position: int, g: Any, out: Any, *inputs: Any) -> Any:
        values = [each.value if isinstance(each, Bounded) else each for each in inputs]
        if self.seen is None or not _same(self.seen[0], values):
            self.seen = [*values], [self.slopes(values, i) for i in range(len(values))]
        slopes, errors = self.seen[1][position][output]
        upstream = g.value if isinstance(g, Bounded) else g
        spread = np.broadcast_to(upstream, slopes.shape[values[position].ndim :])
        axes = spread.ndim
        value = np.tensordot(slopes, spread, axes)
        if not isinstance(g, Bounded):
            return value
        bound = np.tensordot(errors, np.abs(spread), axes) / EPS
        bound = bound + np.tensordot(np.abs(slopes), np.abs(g.error), axes)
        return Bounded(value, np.abs(value) + bound)

    def slopes(self, values: Sequence[Array], position: int) -> list[tuple[Array, Array]]:
        """For each output, its slope along each element of an argument, and how far off that is."""
        x = values[position]
        size = float(np.max(np.abs(x), initial=0.0)) or 1.0
        if x.size * sum(each.size for each in self.forwards(values)) > LARGEST:
            raise UnsupportedError(
                "it has too many elements to find differences of each: give smaller inputs, or a "
                "reference"
            )

        def at(place: int, h: float) -> list[Array]:
            moved = np.array(x)
            moved.flat[place] += h
            return self.forwards([*values[:position], moved, *values[position + 1 :]])

        step = self.eps ** (1 / 4)
        columns: list[list[tuple[Array, Array]]] = []
        for place in range(x.size):
            found: list[tuple[Array, Array]] = []
            far, near = step * size, step * size / 2
            ends = (at(place, far), at(place, -far), at(place, near), at(place, -near))
            for up, down, above, below in zip(*ends, strict=True):
                wide, narrow = (up - down) / (2 * far), (above - below) / (2 * near)
                rounding = 4 * self.eps * (np.abs(above) + np.abs(below)) / near
                error = np.where((up == down) & (above == below), 0.0, rounding)
                found.append(((4 * narrow - wide) / 3, np.abs(narrow - wide) + error))
            columns.append(found)
        count = len(columns[0]) if columns else 0
        return [
            tuple(  # pyright: ignore[reportReturnType]
                np.stack([column[k][which] for column in columns]).reshape(
                    *x.shape, *columns[0][k][which].shape
                )
                for which in (0, 1)
            )
            for k in range(count)
        ]


EPS = float(np.finfo(np.float64).eps)
LARGEST = 1_000_000
"""Slopes that are found at most."""


def _array(output: Any) -> Array:
    """In its own type, so that what backward gets is of that; NumPy has no bfloat16."""
    output = output.detach()
    return (output if output.dtype == torch.float32 else output.double()).numpy()


def _same(known: Sequence[Any], values: Sequence[Any]) -> bool:
    return all(a is b for a, b in zip(known, values, strict=True))


def one_or_all(outputs: tuple[Any, ...]) -> Any:
    """What a function returns: its only output, or all of them."""
    return outputs[0] if len(outputs) == 1 else outputs
