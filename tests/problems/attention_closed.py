"""Causal self-attention, one sequence; the softmax in one line, and its gradient in one line."""

import numpy as np


def inputs(rng, *, time=6, width=5, head=4):
    return {
        "x": rng.normal(size=(time, width)),
        "Wq": rng.normal(size=(width, head)) / np.sqrt(width),
        "Wk": rng.normal(size=(width, head)) / np.sqrt(width),
        "Wv": rng.normal(size=(width, head)) / np.sqrt(width),
        "Wo": rng.normal(size=(head, width)) / np.sqrt(head),
    }


def softmax(scores):
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def forward(x, Wq, Wk, Wv, Wo):
    time, head = x.shape[0], Wq.shape[1]
    scale = head**-0.5
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    scores = q @ k.T * scale
    mask = np.tril(np.ones((time, time)))
    weights = softmax(np.where(mask == 0, -1e9, scores))
    mixed = weights @ v
    out = x + mixed @ Wo
    return out


def backward(x, Wq, Wk, Wv, Wo, q, k, v, mixed, scale, weights, dout):
    dWo = mixed.T @ dout
    dmixed = dout @ Wo.T
    dweights, dv = dmixed @ v.T, weights.T @ dmixed
    dscores = weights * (dweights - (weights * dweights).sum(axis=-1, keepdims=True))
    dq = scale * dscores @ k
    dk = scale * dscores.T @ q
    dWq, dWk, dWv = x.T @ dq, x.T @ dk, x.T @ dv
    dx = dout.copy()
    dx += dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
