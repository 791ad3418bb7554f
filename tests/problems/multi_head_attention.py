"""Causal self-attention with several heads, from one product for queries, keys and values.

Vaswani et al., "Attention is all you need" (2017), section 3.2.2. Closed form: that of
`attention_backward` in Karpathy's llm.c (2024), train_gpt2.c, with the products around it.
"""

import numpy as np


def inputs(rng, *, n=2, time=5, heads=3, head=4):
    width = heads * head
    return {
        "x": rng.normal(size=(n, time, width)),
        "Wqkv": rng.normal(size=(width, 3 * width)) / np.sqrt(width),
        "Wo": rng.normal(size=(width, width)) / np.sqrt(width),
        "heads": heads,
    }


def forward(x, Wqkv, Wo, heads):
    n, time, width = x.shape
    head = width // heads
    qkv = x @ Wqkv
    split = qkv.reshape(n, time, 3, heads, head).transpose(2, 0, 3, 1, 4)
    q, k, v = split[0], split[1], split[2]  # (n, heads, time, head) each
    products = q @ k.swapaxes(-1, -2)
    scores = products / np.sqrt(head)
    ahead = np.triu(np.ones((time, time)), 1) > 0
    masked = np.where(ahead, -np.inf, scores)
    counts = np.exp(masked - masked.max(axis=-1, keepdims=True))
    weights = counts / counts.sum(axis=-1, keepdims=True)
    mixed = weights @ v
    joined = mixed.transpose(0, 2, 1, 3).reshape(n, time, width)
    out = joined @ Wo
    return out


def backward(x, Wqkv, Wo, heads, q, k, v, weights, joined, dout):
    n, time, width = x.shape
    head = width // heads
    dWo = np.einsum("nti,ntj->ij", joined, dout)
    djoined = dout @ Wo.T
    dmixed = djoined.reshape(n, time, heads, head).transpose(0, 2, 1, 3)
    dv = weights.swapaxes(-1, -2) @ dmixed
    dweights = dmixed @ v.swapaxes(-1, -2)
    along = (weights * dweights).sum(axis=-1, keepdims=True)
    dproducts = weights * (dweights - along) / np.sqrt(head)
    dq = dproducts @ k
    dk = dproducts.swapaxes(-1, -2) @ q
    dqkv = np.stack([dq, dk, dv]).transpose(1, 3, 0, 2, 4).reshape(n, time, 3 * width)
    dWqkv = np.einsum("nti,ntj->ij", x, dqkv)
    dx = dqkv @ Wqkv.T
