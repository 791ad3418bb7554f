"""Batch norm of sequences: the statistics of a channel are over the batch and over time.

Ioffe and Szegedy, "Batch normalization" (2015), section 3.2. Closed form: PyTorch's
`native_batch_norm_backward`, which reduces over all axes but the channels'.
"""

import numpy as np


def inputs(rng, *, n=4, time=5, channels=3):
    return {
        "x": rng.normal(size=(n, time, channels)),
        "gain": rng.normal(size=channels) + 1,
        "bias": rng.normal(size=channels),
    }


def forward(x, gain, bias):
    mean = x.mean(axis=(0, 1), keepdims=True)
    centred = x - mean
    var = (centred**2).mean(axis=(0, 1), keepdims=True)
    std_inv = 1 / np.sqrt(var + 1e-5)
    normed = centred * std_inv
    out = gain * normed + bias
    return out


def backward(gain, std_inv, normed, dout):
    m = normed.shape[0] * normed.shape[1]
    dgain = (dout * normed).sum(axis=(0, 1))
    dbias = dout.sum(axis=(0, 1))
    dx = gain * std_inv * (dout - dbias / m - normed * (dgain / m))
