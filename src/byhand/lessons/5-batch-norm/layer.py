"""5.4 The whole layer

A product, then the mean, the variance, a gain and a bias: the two halves
together, and what lies around them. `centred` is used twice, `pre` is used
twice.

When dW is right, print (W * dW).sum(axis=0), and compare it with dW itself.
The reading says what you should see, and why.
"""

import numpy as np


def inputs(rng, *, n=8, width=5, hidden=4):
    return {
        "x": rng.normal(size=(n, width)),
        "W": rng.normal(size=(width, hidden)),
        "gain": rng.normal(size=hidden) * 0.1 + 1,
        "bias": rng.normal(size=hidden) * 0.1,
    }


def forward(x, W, gain, bias):
    n = len(x)
    pre = x @ W
    mean = pre.mean(axis=0)
    centred = pre - mean
    var = (centred**2).sum(axis=0) / n
    inv = (var + 1e-5) ** -0.5
    normed = centred * inv
    out = gain * normed + bias
    return out


def backward(x, W, n, gain, centred, inv, normed, dout):
    # BEGIN SOLUTION
    dbias = dout.sum(axis=0)
    dgain = (dout * normed).sum(axis=0)
    dnormed = gain * dout

    dinv = (dnormed * centred).sum(axis=0)
    dvar = -0.5 * inv**3 * dinv
    dcentred = dnormed * inv + 2 * centred * dvar / n

    dmean = -dcentred.sum(axis=0)
    dpre = dcentred + dmean / n

    dW = x.T @ dpre
    dx = dpre @ W.T
    # END SOLUTION
