"""The reading's example: one row of a table of counts, and what followed in two places."""

import numpy as np


def inputs(rng):
    return {"counts": np.array([1.0, 1.0, 2.0]), "y": np.array([0, 2])}


def forward(counts, y):
    total = counts.sum()
    probs = counts / total
    right = probs[y]
    surprise = -np.log(right)
    loss = surprise.mean()
    return loss


def backward(counts, y, total, probs, right):
    dsurprise = np.ones_like(right) / len(y)
    dright = -dsurprise / right
    dprobs = np.zeros_like(probs)
    np.add.at(dprobs, y, dright)
    dtotal = -(dprobs * counts).sum() / total**2
    dcounts = dprobs / total + dtotal
