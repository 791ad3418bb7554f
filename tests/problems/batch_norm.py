"""Batch norm as it is trained: the variance divides by n.

Ioffe and Szegedy, "Batch normalization" (2015), section 3, has the gradient in six lines. Closed
form: those six put together, as in PyTorch's `native_batch_norm_backward`.
"""

import numpy as np


def inputs(rng, *, n=7, features=4):
    return {
        "x": rng.normal(size=(n, features)),
        "gain": rng.normal(size=features) + 1,
        "bias": rng.normal(size=features),
    }


def forward(x, gain, bias):
    mean = x.mean(axis=0)
    centred = x - mean
    var = (centred**2).mean(axis=0)
    std = np.sqrt(var + 1e-5)
    normed = centred / std
    out = gain * normed + bias
    return out


def backward(gain, std, normed, dout):
    n = normed.shape[0]
    dgain = (dout * normed).sum(axis=0)
    dbias = dout.sum(axis=0)
    dx = gain / std * (dout - dbias / n - normed * (dgain / n))
