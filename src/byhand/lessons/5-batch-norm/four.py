"""The reading's example: batch norm over a batch of four, one column, without a gain or a bias."""

import numpy as np


def inputs(rng):
    return {"x": np.array([0.0, 0.0, 4.0, 4.0])}


def forward(x):
    mean = x.mean()
    centred = x - mean
    var = (centred**2).mean()
    inv = var**-0.5
    y = centred * inv
    return y


def backward(x, centred, inv, dy):
    dinv = (dy * centred).sum()
    dvar = -0.5 * inv**3 * dinv
    dcentred = dy * inv + 2 * centred * dvar / len(x)
    dmean = -dcentred.sum()
    dx = dcentred + dmean / len(x)
