"""Instance norm: the statistics are over each channel of each example.

Ulyanov, Vedaldi and Lempitsky, "Instance normalization" (2016), section 2. Closed form: batch
norm's for each example alone (PyTorch's `native_batch_norm_backward`, which its instance norm
calls), the sums for dgain and dbias taken from those that dx needs.
"""

import numpy as np


def inputs(rng, *, n=4, channels=3, length=5):
    return {
        "x": rng.normal(size=(n, channels, length)),
        "gain": rng.normal(size=(channels, 1)) + 1,
        "bias": rng.normal(size=(channels, 1)),
    }


def forward(x, gain, bias):
    mean = x.mean(axis=2, keepdims=True)
    centred = x - mean
    var = (centred**2).mean(axis=2, keepdims=True)
    std = np.sqrt(var + 1e-5)
    normed = centred / std
    out = gain * normed + bias
    return out


def backward(gain, std, normed, dout):
    length = normed.shape[2]
    total = dout.sum(axis=2, keepdims=True)
    along = (dout * normed).sum(axis=2, keepdims=True)
    dgain = along.sum(axis=0)
    dbias = total.sum(axis=0)
    dx = gain / std * (dout - total / length - normed * (along / length))
