"""The paths on which a gradient comes back to a definition: what forward does with its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from byhand.checking.judging.rounds import rows_of
from byhand.checking.sampling.sample_inputs import Draw
from byhand.engine.backward import fit
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.referees.referee import Key
from byhand.values.arrays import Array


@dataclass(frozen=True, eq=False)
class Use:
    """One use of a value in forward, and the share of its gradient that comes back through it.

    `through` are the names of the steps that this use is part of. `full` is the share before it is
    summed over broadcast axes, `share` after; `upstream` the gradient that the op itself got.
    """

    through: tuple[str, ...]
    node: Tensor
    position: int
    upstream: Array
    full: Array
    share: Array


@dataclass(frozen=True, eq=False)
class Paths:
    """The paths from a value to where its gradient comes back from: the steps in `stops`, with the
    gradients that those are fed. `grads` are all gradients then."""

    drawn: Draw
    value: Tensor
    stops: Mapping[Key, Array]
    grads: Mapping[Tensor, Bounded]

    @cached_property
    def _fed(self) -> Mapping[Tensor, Array]:
        return {self.drawn.truth.by_key[key].tensor: g for key, g in self.stops.items()}

    @cached_property
    def between(self) -> tuple[Key, ...]:
        """The steps that are jumped over, from near to far."""
        return tuple(k for k, step in self.drawn.truth.by_key.items() if step.tensor in self._over)

    @cached_property
    def unnamed(self) -> Mapping[str, Tensor]:
        """The values without a name that are jumped over, by names that their gradients have in an
        exchanged statement."""
        numbered = enumerate(self.drawn.truth.tensors)
        inner = (self._over - self.drawn.truth.named) & self.grads.keys()  # some go to no loss
        return {f"__inner_{number}": tensor for number, tensor in numbered if tensor in inner}

    @cached_property
    def _over(self) -> frozenset[Tensor]:
        reached = {self.value}
        for tensor in self.drawn.truth.tensors:
            if tensor not in self._fed and not reached.isdisjoint(tensor.parents):
                reached.add(tensor)
        return frozenset(reached - {self.value})

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every use of the value in forward, with the share that comes back through it."""
        found: list[Use] = []
        for node in self.grads:
            if node.op is None:
                continue
            for position, arg in enumerate(node.args):
                vjp = node.op.vjp(position) if arg is self.value else None
                if vjp is None:
                    continue
                g = self._fed[node] if node in self._fed else self.grads[node].value
                values = node.arg_values
                full = np.asarray(vjp(g, node.value, *values, **node.params))
                share = np.asarray(fit(full, self.value.shape))
                through = self.drawn.truth.owners.get(node, ())
                found.append(Use(through, node, position, g, full, share))
        return tuple(found)

    def through(self, key: Key) -> Array:
        """What of the gradient comes back through the step `key`, which is jumped over: nothing
        on a draw that has no such step."""
        if key not in self.drawn.truth.by_key:
            return np.zeros(self.value.shape)
        if key not in self._through:
            zeros = np.zeros_like(self.drawn.truth.by_key[key].value)
            without = self.drawn.gradients({**self.stops, key: zeros})
            self._through[key] = self.grads[self.value].value - without[self.value].value
        return self._through[key]

    @cached_property
    def _through(self) -> dict[Key, Array]:
        return {}

    @cached_property
    def slopes(self) -> Mapping[str, Array]:
        """The local derivatives on the way, by names to use in an exchanged statement. Those that
        are one number are left out."""
        reached = {self.value}
        found: dict[str, Array] = {}
        for number, node in enumerate(self.drawn.truth.tensors):
            if reached.isdisjoint(node.parents):
                continue
            if node not in self._fed:
                reached.add(node)
            if node.op is None or node.op.structure != "elementwise":
                continue
            values = node.arg_values
            for position, arg in enumerate(node.args):
                vjp = node.op.vjps[position] if isinstance(arg, Tensor) and arg in reached else None
                if vjp is not None:
                    slope = vjp(np.ones(node.shape), node.value, *values, **node.params)
                    if np.size(slope) and np.ptp(slope) > 0:
                        found[f"__slope_{number}_{position}"] = slope
        return found

    @cached_property
    def incoming(self) -> Mapping[str, Array]:
        """The gradients of the values that are jumped over, by names to use in an exchanged
        statement."""
        steps = self.drawn.truth.by_key
        named = {f"__incoming_{i}": steps[key].tensor for i, key in enumerate(self.between)}
        return {name: self.grads[t].value for name, t in (named | {**self.unnamed}).items()}

    @cached_property
    def rows(self) -> Mapping[str, list[Array]]:
        """The gradients of values that forward makes again and again, by names to use in an
        exchanged statement."""
        return {
            name: [self.grads[tensor].value for tensor in row.values]
            for name, row in rows_of(self.drawn.truth).items()
            if all(tensor in self.grads for tensor in row.values)
        }

    @cached_property
    def picked(self) -> Mapping[str, Array]:
        """1 where forward reads single elements of an array of this shape, and 0 elsewhere; by
        names to use in an exchanged statement."""
        found: dict[str, Array] = {}
        for number, node in enumerate(self.drawn.truth.tensors):
            if node.op is not None and node.op.name == "getitem":
                ones = np.zeros(node.args[0].shape)
                ones[node.params["index"]] = 1.0
                if ones.shape == self.value.shape:
                    found[f"__picked_{number}"] = ones
        return found
