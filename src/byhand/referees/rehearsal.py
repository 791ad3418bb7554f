"""A first run of a forward, in plain values: which steps there are, and what is known on the way.

It tells a referee what it can't see while it runs forward itself. Finite differences run on plain
NumPy, where nothing distinguishes the scalar `x.mean()`, which is a step, from `np.sqrt(2.0)`,
which isn't. JAX compiles forward before it has any values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from byhand.program.problem import Problem
from byhand.referees.bindings import Bindings, Borrowed, values_of
from byhand.referees.jax_forward import JaxForward
from byhand.referees.namespace import Library
from byhand.referees.referee import Key
from byhand.values.arrays import Array, speaks_torch

Call: TypeAlias = tuple[str, int]
"""A binding of a name to floats, counted whether or not it is a step."""


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What the run met.

    `values` has every step, `inputs` those that are inputs; `calls` says which binding of floats
    each is. `unnamed` has the name under which a returned number without one is a step, by its
    position. `looked_at` are the values that Python or NumPy had to know (outcomes of comparisons,
    indices), in the order in which they were asked for.
    """

    values: Mapping[Key, Array]
    inputs: tuple[Key, ...]
    calls: Mapping[Key, Call]
    unnamed: Mapping[int, str]
    looked_at: tuple[Array, ...]


def rehearse(problem: Problem, inputs: Mapping[str, Any]) -> Rehearsal:
    """Runs forward once. Raises RefereeError, with the line, if it can't."""
    looked_at: list[Array] = []

    def plain(value: Any) -> Array:
        looked_at.append(np.array(value))
        return looked_at[-1].copy()

    if problem.in_jax:
        follower: Bindings = JaxForward(problem)
    elif speaks_torch(inputs):
        from byhand.referees.torch import TorchForward

        follower = TorchForward(problem)
    else:
        follower = Borrowed(problem, Library("NumPy", np, np.ndarray, np.asarray, plain))
    with np.errstate(all="ignore"):
        follower.outputs(inputs)
    return Rehearsal(
        {key: values_of(array) for key, array in follower.steps.items()},
        tuple(follower.inputs),
        follower.calls,
        follower.unnamed,
        tuple(looked_at),
    )
