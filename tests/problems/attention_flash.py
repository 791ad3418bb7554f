"""Causal attention of one sequence, its backward as in FlashAttention.

Dao, Fu, Ermon, Rudra and Re, "FlashAttention" (2022), appendix B.2: the sum of p dp over a row of
the weights is that of out dout over a row of the output, which is shorter where the sequence is
long.
"""

import numpy as np


def inputs(rng, *, time=7, head=4):
    return {
        "q": rng.normal(size=(time, head)),
        "k": rng.normal(size=(time, head)),
        "v": rng.normal(size=(time, head)),
    }


def forward(q, k, v):
    time, head = q.shape
    products = q @ k.T
    scores = products / np.sqrt(head)
    mask = np.tril(np.ones((time, time))) > 0
    masked = np.where(mask, scores, -np.inf)
    counts = np.exp(masked - masked.max(axis=1, keepdims=True))
    weights = counts / counts.sum(axis=1, keepdims=True)
    out = weights @ v
    return out


def backward(q, k, v, weights, out, dout):
    head = q.shape[1]
    dv = weights.T @ dout
    dweights = dout @ v.T
    along = (out * dout).sum(axis=1, keepdims=True)
    dproducts = weights * (dweights - along) / np.sqrt(head)
    dq = dproducts @ k
    dk = dproducts.T @ q
