# pyright: basic
"""JAX's operations, rounding at random: see `byhand.checking.running.random_rounding`.

A function is traced to its jaxpr, and that is run operation by operation, each number that goes
into one or comes out of it moved at random. What is inside of a loop isn't seen: there the loop is
one operation.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal

from byhand import ops

EXACT = ops.EXACT | {
    *("reduce_max", "reduce_min", "cummax", "cummin", "is_finite", "select_n", "scatter"),
    *("select_and_scatter_add", "gather", "slice", "dynamic_slice", "dynamic_update_slice"),
    *("broadcast_in_dim", "rev", "iota", "copy_p", "top_k", "real", "stop_gradient"),
    *("random_bits", "random_wrap", "random_unwrap", "random_seed", "random_fold_in"),
    *("threefry2x32", "random_split"),
}

INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")
"""What an operation calls the jaxpr that it stands for, where it runs that once."""

ONCE = frozenset(
    ("pjit", "jit", "closed_call", "core_call", "remat", "checkpoint", "custom_jvp_call",
     "custom_vjp_call", "custom_vjp_call_jaxpr")
)  # fmt: skip


@dataclass(frozen=True)
class RoundingNoise:
    """Where random roundings come from, and of what size they are at most."""

    rng: np.random.Generator
    amount: float

    def moved(self, value: Any) -> Any:
        if not jnp.issubdtype(jnp.result_type(value), jnp.floating):
            return value
        shape: tuple[int, ...] = np.shape(value)
        exact = np.asarray(value, np.float64)
        drawn = np.asarray(self.rng.uniform(-1.0, 1.0, shape))
        return jnp.asarray(exact * (1 + self.amount * drawn), jnp.result_type(value))


_noise: ContextVar[RoundingNoise | None] = ContextVar("noise", default=None)


@contextmanager
def rounding(seed: int, amount: float) -> Generator[None]:
    """Within it, `called` rounds at random, each number by up to `amount` of its size."""
    before = _noise.set(RoundingNoise(np.random.default_rng(seed), amount))
    try:
        yield
    finally:
        _noise.reset(before)


def called(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives on trees of arrays; within `rounding`, rounded at random."""
    noise = _noise.get()
    if noise is None:
        return function(*arguments)
    traced, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
    found = _run(traced, jax.tree.leaves(arguments), noise)
    return jax.tree.unflatten(jax.tree.structure(shape), found)


def _run(traced: ClosedJaxpr, arguments: Sequence[Any], noise: RoundingNoise) -> list[Any]:
    jaxpr, known = traced.jaxpr, dict[Any, Any]()
    known.update(zip(jaxpr.constvars, traced.consts, strict=True))
    known.update(zip(jaxpr.invars, arguments, strict=True))

    def value(of: Any) -> Any:
        return of.val if isinstance(of, Literal) else known[of]

    for step in jaxpr.eqns:
        given = [value(each) for each in step.invars]
        known.update(zip(step.outvars, _outputs(step, given, noise), strict=True))
    return [value(each) for each in jaxpr.outvars]


def _outputs(step: Any, given: list[Any], noise: RoundingNoise) -> Sequence[Any]:
    name = step.primitive.name
    inner = next((step.params[key] for key in INNER if key in step.params), None)
    if name in ONCE and inner is not None:
        closed = inner if isinstance(inner, ClosedJaxpr) else ClosedJaxpr(inner, ())
        return _run(closed, given, noise)
    exact = name in EXACT
    taken = given if exact else [noise.moved(each) for each in given]
    found = step.primitive.bind(*taken, **step.params)
    several = found if step.primitive.multiple_results else [found]
    return several if exact else [noise.moved(each) for each in several]
