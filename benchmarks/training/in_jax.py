"""JAX's way: many steps are one call, a scan that jax.jit compiles."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from byhand.train.schedule import Schedule

from .jax_models import LOSSES
from .task import Task, Trainer


def scan(task: Task) -> Trainer:
    loss = LOSSES[task.name]
    start, update = _optimiser(task.schedule)
    X, Y = jnp.array(task.X), jnp.array(task.Y)

    def step(carried: Any, batch: Any) -> Any:
        parameters, state = carried
        value, gradients = jax.value_and_grad(lambda p: loss({**p, **task.fixed}, *batch))(
            parameters
        )
        return update(parameters, gradients, state), value

    @partial(jax.jit, static_argnames="count")
    def steps(carried: Any, X: Any, Y: Any, count: int) -> Any:
        return jax.lax.scan(step, carried, (X[:count], Y[:count]))

    parameters = jax.tree.map(jnp.array, task.parameters)
    carried = parameters, start(parameters)

    def take(count: int) -> None:
        nonlocal carried
        carried, _ = jax.block_until_ready(steps(carried, X, Y, count))

    return Trainer(take, lambda: jax.tree.map(np.asarray, carried[0]))


def _optimiser(schedule: Schedule) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Its state at the start, from the parameters; and a step: new parameters and new state."""

    def sgd(parameters: Any, gradients: Any, state: Any) -> Any:
        return jax.tree.map(lambda p, g: p - schedule.rate * g, parameters, gradients), state

    def adamw(parameters: Any, gradients: Any, state: Any) -> Any:
        means, squares, done = state
        means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, gradients)
        squares = jax.tree.map(lambda s, g: 0.99 * s + 0.01 * g**2, squares, gradients)
        first, second = 1 - 0.9 ** (done + 1), 1 - 0.99 ** (done + 1)

        def moved(p: Any, m: Any, s: Any) -> Any:
            kept = p * (1 - schedule.rate * schedule.decay)
            return kept - schedule.rate * (m / first) / (jnp.sqrt(s / second) + 1e-8)

        return jax.tree.map(moved, parameters, means, squares), (means, squares, done + 1)

    def zeros(parameters: Any) -> Any:
        none = jax.tree.map(jnp.zeros_like, parameters)
        return none, none, jnp.array(0)

    return (zeros, adamw) if schedule.optimiser == "adamw" else (lambda parameters: (), sgd)
