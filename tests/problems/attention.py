"""Causal self-attention, one head, for a batch of sequences; the softmax one step at a time."""

import numpy as np


def inputs(rng, *, n=3, time=5, width=6, head=4):
    return {
        "x": rng.normal(size=(n, time, width)),
        "Wq": rng.normal(size=(width, head)) / np.sqrt(width),
        "Wk": rng.normal(size=(width, head)) / np.sqrt(width),
        "Wv": rng.normal(size=(width, head)) / np.sqrt(width),
    }


def forward(x, Wq, Wk, Wv):
    time, head = x.shape[1], Wq.shape[1]
    q = x @ Wq
    k = x @ Wk
    v = x @ Wv
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(head)
    ahead = np.triu(np.ones((time, time)), 1) > 0
    masked = np.where(ahead, -np.inf, scores)
    maxes = masked.max(axis=-1, keepdims=True)
    expd = np.exp(masked - maxes)
    sums = expd.sum(axis=-1, keepdims=True)
    weights = expd / sums
    out = weights @ v
    return out


def backward(x, Wq, Wk, Wv, q, k, v, ahead, expd, sums, weights, dout):
    head = Wq.shape[1]
    dweights = dout @ v.transpose(0, 2, 1)
    dv = weights.transpose(0, 2, 1) @ dout
    dsums = -(dweights * expd).sum(axis=-1, keepdims=True) / sums**2
    dexpd = dweights / sums + dsums
    dmasked = dexpd * expd
    dscores = np.where(ahead, 0.0, dmasked)
    dq = dscores @ k / np.sqrt(head)
    dk = dscores.transpose(0, 2, 1) @ q / np.sqrt(head)
    dWq = np.einsum("nti,ntj->ij", x, dq)
    dWk = np.einsum("nti,ntj->ij", x, dk)
    dWv = np.einsum("nti,ntj->ij", x, dv)
    dx = dq @ Wq.T
    dx += dk @ Wk.T
    dx += dv @ Wv.T
