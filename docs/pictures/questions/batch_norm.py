"""Batch norm behind a bias, which so gets no gradient. The numbers are chosen to be exact."""

import numpy as np

data = ("x", "t")


def inputs(rng):
    return {
        "x": np.array([[3.0, 1.0, 0.0], [-1.0, 1.0, 4.0], [3.0, -3.0, 4.0], [-1.0, -3.0, 0.0]]),
        "b": np.array([1.0, 2.0, -1.0]),
        "t": np.array([[1.0, -2.0, 1.0], [2.0, 0.0, 3.0], [-1.0, 1.0, 0.0], [4.0, 1.0, -2.0]]),
    }


def forward(x, b, t):
    h = x + b
    mean = h.mean(axis=0)
    diff = h - mean
    var = (diff**2).mean(axis=0)
    normed = diff / np.sqrt(var)
    loss = (normed * t).sum()
    return loss


def backward(h, diff, var, t):
    n = len(h)
    dnormed = t
    dvar = -0.5 * (dnormed * diff).sum(axis=0) * var**-1.5
    ddiff = dnormed / np.sqrt(var) + 2 * diff * dvar / n
    dmean = -ddiff.sum(axis=0)
    dh = ddiff + dmean / n
    db = dh.sum(axis=0)
