"""Batch norm with Bessel's correction, in the stages of the lecture.

Closed form: Karpathy, "Becoming a Backprop Ninja" (2022), exercise 3, the sums taken from dgain and
dbias.
"""

import numpy as np


def inputs(rng, *, n=7, features=4):
    return {
        "x": rng.normal(size=(n, features)),
        "gain": rng.normal(size=features) + 1,
        "bias": rng.normal(size=features),
    }


def forward(x, gain, bias):
    n = x.shape[0]
    mean = np.sum(x, axis=0) / n
    diff = x - mean
    diff2 = diff**2
    var = np.sum(diff2, axis=0) / (n - 1)
    var_inv = (var + 1e-5) ** -0.5
    raw = diff * var_inv
    out = gain * raw + bias
    return out


def backward(gain, var_inv, raw, dout):
    n = raw.shape[0]
    dgain = (dout * raw).sum(axis=0)
    dbias = dout.sum(axis=0)
    dx = gain * var_inv * (dout - dbias / n - raw * (dgain / (n - 1)))
