"""Softmax, whose derivative is taken for that of an elementwise function."""

import numpy as np


def inputs(rng, *, n=3, classes=5):
    return {"z": rng.normal(size=(n, classes)), "y": rng.integers(0, classes, n)}


def forward(z, y):
    counts = np.exp(z)
    probs = counts / counts.sum(axis=1, keepdims=True)
    loss = -np.log(probs[np.arange(len(y)), y]).mean()
    return loss


def backward(y, probs):
    rows = np.arange(len(y))
    dprobs = np.zeros_like(probs)
    dprobs[rows, y] = -1 / (probs[rows, y] * len(y))
    dz = dprobs * probs * (1 - probs)
