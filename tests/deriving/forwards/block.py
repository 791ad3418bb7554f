"""A transformer block: pre-norm, causal attention with heads, GELU; helpers do part of it."""

import numpy as np


def inputs(rng, *, n=2, time=5, heads=2, head=3):
    w = heads * head
    return {
        "x": rng.normal(size=(n, time, w)),
        "Wqkv": rng.normal(size=(w, 3 * w)) * 0.4,
        "Wo": rng.normal(size=(w, w)) * 0.4,
        "g1": rng.normal(size=w),
        "b1": rng.normal(size=w),
        "W1": rng.normal(size=(w, 4 * w)) * 0.4,
        "W2": rng.normal(size=(4 * w, w)) * 0.4,
        "heads": heads,
    }


def norm(x, g, b):
    m = x.mean(-1, keepdims=True)
    v = x.var(-1, keepdims=True)
    return (x - m) / np.sqrt(v + 1e-5) * g + b


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def forward(x, Wqkv, Wo, g1, b1, W1, W2, heads):
    n, time, width = x.shape
    normed = norm(x, g1, b1)
    q, k, v = np.split(normed @ Wqkv, 3, axis=-1)
    q = q.reshape(n, time, heads, -1).transpose(0, 2, 1, 3)
    k = k.reshape(n, time, heads, -1).transpose(0, 2, 1, 3)
    v = v.reshape(n, time, heads, -1).transpose(0, 2, 1, 3)
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    scores = np.where(np.tril(np.ones((time, time))) == 0, -np.inf, scores)
    p = softmax(scores)
    mixed = (p @ v).transpose(0, 2, 1, 3).reshape(n, time, width)
    res = x + mixed @ Wo
    u = res @ W1
    gelu = 0.5 * u * (1 + np.tanh(np.sqrt(2 / np.pi) * (u + 0.044715 * u**3)))
    out = res + gelu @ W2
    return out
