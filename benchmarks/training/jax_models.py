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
    h = jnp.tanh(p["bngain"] * (hprebn - mean) * jax.lax.rsqrt(var + 1e-5) + p["bnbias"])
    return _log_losses(h @ p["W2"] + p["b2"], Y).mean()


def wavenet(p: Parameters, X: Any, Y: Any) -> Any:
    n = len(X)
    h = p["C"][X]
    for level, shape in ((1, (n, 4, -1)), (2, (n, 2, -1)), (3, (n, -1))):
        a = h.reshape(shape) @ p[f"W{level}"]
        axes = tuple(range(a.ndim - 1))
        normed = (a - a.mean(axes)) * jax.lax.rsqrt(a.var(axes, ddof=1) + 1e-5)
        h = jnp.tanh(p[f"gain{level}"] * normed + p[f"bias{level}"])
    return _log_losses(h @ p["W4"] + p["b4"], Y).mean()


def transformer(p: Parameters, X: Any, Y: Any) -> Any:
    n, time = X.shape
    seen = jnp.tri(time, dtype=bool)
    x = p["C"][X] + p["P"][:time]
    for i in range(len(p["Wqkvs"])):
        a = _layer_norm(x, p["gains1"][i], p["biases1"][i])
        qkv = (a @ p["Wqkvs"][i] + p["bqkvs"][i]).reshape(n, time, 3, p["heads"], -1)
        q, k, v = qkv.transpose(2, 0, 3, 1, 4)
        scores = q @ k.swapaxes(-1, -2) * q.shape[-1] ** -0.5
        mixed = jax.nn.softmax(scores, where=seen) @ v
        x = x + mixed.swapaxes(1, 2).reshape(x.shape) @ p["Wos"][i] + p["bos"][i]
        a = _layer_norm(x, p["gains2"][i], p["biases2"][i])
        u = jax.nn.gelu(a @ p["W1s"][i] + p["b1s"][i], approximate=True)
        x = x + u @ p["W2s"][i] + p["b2s"][i]
    logits = _layer_norm(x, p["gain"], p["bias"]) @ p["W"]
    counted = Y >= 0
    return _log_losses(logits, jnp.maximum(Y, 0)).sum(where=counted) / counted.sum()


def _layer_norm(x: Any, gain: Any, bias: Any) -> Any:
    return gain * jax.nn.standardize(x, epsilon=1e-5) + bias


def _log_losses(logits: Any, Y: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), Y[..., None], -1)[..., 0]


LOSSES = {"mlp_fused": mlp, "wavenet": wavenet, "transformer": transformer}
