"""Group norm: the statistics of an example are over each group of channels.

Wu and He, "Group normalization" (2018), equations 1 and 7. Closed form: layer norm's within each
group, as in Ba, Kiros and Hinton (2016) and Karpathy's llm.c (2024), `layernorm_backward`.
"""

import numpy as np


def inputs(rng, *, n=4, groups=2, per_group=3, length=5):
    channels = groups * per_group
    return {
        "x": rng.normal(size=(n, channels, length)),
        "gain": rng.normal(size=(channels, 1)) + 1,
        "bias": rng.normal(size=(channels, 1)),
        "groups": groups,
    }


def forward(x, gain, bias, groups):
    n = x.shape[0]
    grouped = x.reshape(n, groups, -1)
    mean = grouped.mean(axis=2, keepdims=True)
    centred = grouped - mean
    var = (centred**2).mean(axis=2, keepdims=True)
    std_inv = 1 / np.sqrt(var + 1e-5)
    normed = centred * std_inv
    spread = normed.reshape(x.shape)
    out = gain * spread + bias
    return out


def backward(x, gain, std_inv, normed, spread, dout):
    dgain = (dout * spread).sum(axis=(0, 2))[:, None]
    dbias = dout.sum(axis=(0, 2))[:, None]
    g = (dout * gain).reshape(normed.shape)
    mean_g = g.mean(axis=2, keepdims=True)
    along = (g * normed).mean(axis=2, keepdims=True)
    dx = (std_inv * (g - mean_g - normed * along)).reshape(x.shape)
