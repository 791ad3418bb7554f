"""8.5 One head of causal attention

All of it: scores, a mask that lets no place look ahead, softmax, and the values
mixed by the weights. `weights` is kept, and it is exactly 0 where the mask is.

Go back from `dout` to `dv`, `dweights`, `dscores`, `dq` and `dk`. What does the
mask need on the way back?
"""

import numpy as np


def inputs(rng, *, n=2, time=5, head=3):
    return {name: rng.normal(size=(n, time, head)) for name in ("q", "k", "v")}


def forward(q, k, v):
    time, head = q.shape[1:]
    scale = head**-0.5
    ahead = np.arange(time) > np.arange(time)[:, None]  # (time, time)
    scores = q @ k.swapaxes(-1, -2) * scale
    masked = np.where(ahead, -np.inf, scores)
    counts = np.exp(masked - masked.max(axis=-1, keepdims=True))
    weights = counts / counts.sum(axis=-1, keepdims=True)
    out = weights @ v  # (n, time, head)
    return out


def backward(q, k, v, scale, weights, dout):
    # BEGIN SOLUTION
    dv = weights.swapaxes(-1, -2) @ dout
    dweights = dout @ v.swapaxes(-1, -2)
    # Where a place may not look, its weight is 0, so nothing goes back: no line for the mask.
    mean = (weights * dweights).sum(axis=-1, keepdims=True)
    dscores = weights * (dweights - mean)
    dq = dscores @ k * scale
    dk = dscores.swapaxes(-1, -2) @ q * scale
    # END SOLUTION
