"""8.1 Layer norm, step by step

Batch norm looks down a column, over the batch; layer norm looks along a row, over
the features of one place. No place needs another, and there is no n - 1: the
variance is a plain mean of squares.

Go back over every step. Gain and bias have one number for each feature, and were
broadcast over two axes; mean and variance have one for each place.
"""

import numpy as np


def inputs(rng, *, n=3, time=4, width=6):
    return {
        "x": rng.normal(size=(n, time, width)) * 2 + 1,
        "gain": rng.normal(size=width) * 0.3 + 1,
        "bias": rng.normal(size=width),
    }


def forward(x, gain, bias):
    mean = x.mean(axis=-1, keepdims=True)  # (n, time, 1)
    centred = x - mean
    squares = centred**2
    var = squares.mean(axis=-1, keepdims=True)
    inv = (var + 1e-5) ** -0.5
    normed = centred * inv
    out = gain * normed + bias
    return out


def backward(x, gain, centred, inv, normed, dout):
    width = x.shape[-1]
    # BEGIN SOLUTION
    dgain = (dout * normed).sum(axis=(0, 1))
    dbias = dout.sum(axis=(0, 1))
    dnormed = dout * gain
    dinv = (dnormed * centred).sum(axis=-1, keepdims=True)
    dvar = -0.5 * inv**3 * dinv
    dsquares = np.ones_like(centred) * dvar / width
    dcentred = dnormed * inv + 2 * centred * dsquares
    dmean = -dcentred.sum(axis=-1, keepdims=True)
    dx = dcentred + dmean / width
    # END SOLUTION
