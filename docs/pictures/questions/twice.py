"""Softmax, whose counts are used twice: here the path through their sum is left out."""

import numpy as np


def inputs(rng, *, n=3, classes=4):
    return {"logits": rng.normal(size=(n, classes)), "y": rng.integers(0, classes, n)}


def forward(logits, y):
    counts = np.exp(logits)
    total = counts.sum(axis=1, keepdims=True)
    probs = counts / total
    loss = -np.log(probs[np.arange(len(y)), y]).mean()
    return loss


def backward(y, counts, total, probs):
    rows = np.arange(len(y))
    dprobs = np.zeros_like(probs)
    dprobs[rows, y] = -1 / (probs[rows, y] * len(y))
    dtotal = (-dprobs * counts / total**2).sum(axis=1, keepdims=True)
    dcounts = dprobs / total
    dlogits = dcounts * counts
