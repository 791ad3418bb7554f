"""Models of the zoo as one would write them in JAX, on the zoo's own parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

Parameters = Mapping[str, Any]


def mlp(p: Parameters, X: Any, Y: Any) -> Any:
    hprebn = p["C"][X].reshape(len(X), -1) @ p["W1"] + p["b1"]
    mean, var = hprebn.mean(0, keepdims=True), hprebn.var(0, keepdims=True, ddof=1)
    h = jnp.tanh(p["bngain"] * (hprebn - mean) * (var + 1e-5) ** -0.5 + p["bnbias"])
    return _cross_entropy(h @ p["W2"] + p["b2"], Y)


def wavenet(p: Parameters, X: Any, Y: Any) -> Any:
    n = len(X)
    h = p["C"][X]
    for level, shape in ((1, (n, 4, -1)), (2, (n, 2, -1)), (3, (n, -1))):
        a = h.reshape(shape) @ p[f"W{level}"]
        axes = tuple(range(a.ndim - 1))
        normed = (a - a.mean(axes)) * (a.var(axes, ddof=1) + 1e-5) ** -0.5
        h = jnp.tanh(p[f"gain{level}"] * normed + p[f"bias{level}"])
    return _cross_entropy(h @ p["W4"] + p["b4"], Y)


def _cross_entropy(logits: Any, Y: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), Y[:, None], 1).mean()


LOSSES = {"mlp": mlp, "wavenet": wavenet}
