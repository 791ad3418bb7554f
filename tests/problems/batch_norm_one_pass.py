"""Batch norm with the variance in one pass: the mean of the squares less the square of the mean.

The output is that of `batch_norm`, and so is the closed form: PyTorch's
`native_batch_norm_backward`.
"""

import numpy as np


def inputs(rng, *, n=7, features=4):
    return {
        "x": rng.normal(size=(n, features)),
        "gain": rng.normal(size=features) + 1,
        "bias": rng.normal(size=features),
    }


def forward(x, gain, bias):
    mean = np.mean(x, axis=0)
    mean_square = np.mean(x**2, axis=0)
    var = mean_square - mean**2
    std_inv = (var + 1e-5) ** -0.5
    normed = (x - mean) * std_inv
    out = gain * normed + bias
    return out


def backward(gain, std_inv, normed, dout):
    n = normed.shape[0]
    dgain = (dout * normed).sum(axis=0)
    dbias = dout.sum(axis=0)
    dx = gain * std_inv * (dout - dbias / n - normed * (dgain / n))
