"""8.7 Attention with several heads

The last three exercises in one: `qkv` comes from one product and is split into the
heads; each head attends for itself; then the heads are laid side by side again.

Go back from `dout`, (n, time, width), to `dqkv`, (n, time, 3 * width).
"""

import numpy as np


def inputs(rng, *, n=2, time=5, heads=2, head=3):
    return {"qkv": rng.normal(size=(n, time, 3 * heads * head)), "heads": heads}


def forward(qkv, heads):
    n, time, width = qkv.shape
    head = width // 3 // heads
    split = qkv.reshape(n, time, 3, heads, head).transpose(2, 0, 3, 1, 4)
    q, k, v = split[0], split[1], split[2]  # (n, heads, time, head) each
    scores = q @ k.swapaxes(-1, -2) * head**-0.5
    ahead = np.arange(time) > np.arange(time)[:, None]
    counts = np.exp(np.where(ahead, -np.inf, scores))
    weights = counts / counts.sum(axis=-1, keepdims=True)  # (n, heads, time, time)
    mixed = weights @ v  # (n, heads, time, head)
    out = mixed.transpose(0, 2, 1, 3).reshape(n, time, heads * head)
    return out


def backward(qkv, heads, q, k, v, weights, dout):
    n, time, _ = dout.shape
    head = q.shape[-1]
    # BEGIN SOLUTION
    dmixed = dout.reshape(n, time, heads, head).transpose(0, 2, 1, 3)
    dv = weights.swapaxes(-1, -2) @ dmixed
    dweights = dmixed @ v.swapaxes(-1, -2)
    mean = (weights * dweights).sum(axis=-1, keepdims=True)
    dscores = weights * (dweights - mean)
    dq = dscores @ k * head**-0.5
    dk = dscores.swapaxes(-1, -2) @ q * head**-0.5
    dsplit = np.stack([dq, dk, dv])
    dqkv = dsplit.transpose(1, 3, 0, 2, 4).reshape(qkv.shape)
    # END SOLUTION
