"""Layer norm (Ba et al. 2016), with the gradient of its input in one line."""

import numpy as np


def inputs(rng, *, n=6, features=9):
    return {
        "x": rng.normal(size=(n, features)),
        "gain": rng.normal(size=features) + 1,
        "bias": rng.normal(size=features),
    }


def forward(x, gain, bias):
    mean = x.mean(axis=-1, keepdims=True)
    centred = x - mean
    var = (centred**2).mean(axis=-1, keepdims=True)
    std_inv = 1 / np.sqrt(var + 1e-5)
    normed = centred * std_inv
    out = normed * gain + bias
    return out


def backward(gain, std_inv, normed, dout):
    dgain = (dout * normed).sum(axis=0)
    dbias = dout.sum(axis=0)
    g = dout * gain
    mean_g = g.mean(axis=1, keepdims=True)
    along = (g * normed).mean(axis=1, keepdims=True)
    dx = std_inv * (g - mean_g - normed * along)
