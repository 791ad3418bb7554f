"""The paths on which a gradient comes back to a definition: what forward does with its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from byhand.engine.backward import computed_first_to_last, fit
from byhand.engine.tensor import Tensor
from byhand.referees.referee import Key
from byhand.values.arrays import Array

if TYPE_CHECKING:
    from byhand.checking.judging.evidence import Evidence


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


def between(evidence: Evidence) -> tuple[Key, ...]:
    """The steps that this definition jumps over, from near to far."""
    program = evidence.trial.drawn.truth
    reached = {evidence.tensor}
    stops = {program.by_key[k].tensor for k in evidence.cut}
    for tensor in computed_first_to_last([step.tensor for step in program]):
        if tensor not in stops and any(a in reached for a in tensor.args if isinstance(a, Tensor)):
            reached.add(tensor)
    return tuple(
        key for key, step in program.by_key.items() if step.tensor in reached - {evidence.tensor}
    )


def uses(evidence: Evidence) -> tuple[Use, ...]:
    """Every use of the value in forward, with the share that comes back through it."""
    program = evidence.trial.drawn.truth
    found: list[Use] = []
    fed = {program.by_key[k].tensor: v for k, v in evidence.feeds.items() if k in evidence.cut}
    for node in evidence.grads:
        if node.op is None:
            continue
        for position, arg in enumerate(node.args):
            vjp = node.op.vjp(position) if arg is evidence.tensor else None
            if vjp is None:
                continue
            g = fed[node] if node in fed else evidence.grads[node].value
            values = [a.value if isinstance(a, Tensor) else a for a in node.args]
            full = np.asarray(vjp(g, node.value, *values, **node.params))
            share = np.asarray(fit(full, evidence.tensor.shape))
            found.append(Use(program.owners.get(node, ()), node, position, g, full, share))
    return tuple(found)


def slopes(evidence: Evidence) -> Mapping[str, Array]:
    """The local derivatives on the way from the value to where its gradient comes back from, by
    names to use in an exchanged statement. Those that are one number are left out."""
    program = evidence.trial.drawn.truth
    stops = {program.by_key[k].tensor for k in evidence.cut}
    reached = {evidence.tensor}
    found: dict[str, Array] = {}
    for number, node in enumerate(computed_first_to_last([step.tensor for step in program])):
        if not any(arg in reached for arg in node.args if isinstance(arg, Tensor)):
            continue
        if node not in stops:
            reached.add(node)
        if node.op is None or node.op.structure != "elementwise":
            continue
        values = [a.value if isinstance(a, Tensor) else a for a in node.args]
        for position, arg in enumerate(node.args):
            vjp = node.op.vjps[position] if isinstance(arg, Tensor) and arg in reached else None
            if vjp is not None:
                slope = vjp(np.ones(node.shape), node.value, *values, **node.params)
                if np.ptp(slope) > 0:
                    found[f"__slope_{number}_{position}"] = slope
    return found


def picked(evidence: Evidence) -> Mapping[str, Array]:
    """1 where forward reads single elements of an array of this shape, and 0 elsewhere; by
    names to use in an exchanged statement."""
    found: dict[str, Array] = {}
    nodes = computed_first_to_last([step.tensor for step in evidence.trial.drawn.truth])
    for number, node in enumerate(nodes):
        if node.op is not None and node.op.name == "getitem":
            ones = np.zeros(node.args[0].shape)
            ones[node.params["index"]] = 1.0
            if ones.shape == evidence.tensor.shape:
                found[f"__picked_{number}"] = ones
    return found
