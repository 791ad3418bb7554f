"""Attention without a mask, from queries, keys and values of a batch; the softmax step by step.

Vaswani et al., "Attention is all you need" (2017), equation 1. Closed form: through the softmax it
is p (dp - sum(p dp)), as in Karpathy's llm.c (2024), train_gpt2.c, `attention_backward`.
"""

import numpy as np


def inputs(rng, *, n=2, time=5, others=4, head=3, width=6):
    return {
        "q": rng.normal(size=(n, time, head)),
        "k": rng.normal(size=(n, others, head)),
        "v": rng.normal(size=(n, others, width)),
    }


def forward(q, k, v):
    scale = q.shape[-1] ** -0.5
    products = q @ k.transpose(0, 2, 1)
    scores = products * scale
    maxes = scores.max(axis=-1, keepdims=True)
    counts = np.exp(scores - maxes)
    total = counts.sum(axis=-1, keepdims=True)
    weights = counts / total
    out = weights @ v
    return out


def backward(q, k, v, scale, weights, dout):
    dv = weights.transpose(0, 2, 1) @ dout
    dweights = dout @ v.transpose(0, 2, 1)
    along = (weights * dweights).sum(axis=-1, keepdims=True)
    dproducts = weights * (dweights - along) * scale
    dq = dproducts @ k
    dk = dproducts.transpose(0, 2, 1) @ q
