"""Four places with one number each, joined two by two; one matrix takes in both pairs."""

import numpy as np


def inputs(rng, *, n=1, pairs=2, hidden=2):
    return {"x": rng.normal(size=(n, 2 * pairs, 1)), "W": rng.normal(size=(2, hidden))}


def forward(x, W):
    pairs = x.reshape(x.shape[0], -1, 2)
    a = pairs @ W
    h = np.tanh(a)
    loss = h.sum()
    return loss


def backward(x, W, pairs, h):
    da = 1 - h**2
    dW = ...
