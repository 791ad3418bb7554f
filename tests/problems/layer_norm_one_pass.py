"""Layer norm with the variance in one pass: the mean of the squares less the square of the mean.

The output is that of Ba, Kiros and Hinton, "Layer normalization" (2016), equation 4. Closed form:
Karpathy's llm.c (2024), train_gpt2.c, `layernorm_backward`.
"""

import numpy as np


def inputs(rng, *, n=4, features=7):
    return {
        "x": rng.normal(size=(n, features)),
        "gain": rng.normal(size=features) + 1,
        "bias": rng.normal(size=features),
    }


def forward(x, gain, bias):
    mean = np.mean(x, axis=1, keepdims=True)
    mean_square = np.mean(np.square(x), axis=1, keepdims=True)
    var = mean_square - mean**2
    std_inv = (var + 1e-5) ** -0.5
    normed = (x - mean) * std_inv
    out = normed * gain + bias
    return out


def backward(gain, std_inv, normed, dout):
    dgain = (dout * normed).sum(axis=0)
    dbias = dout.sum(axis=0)
    g = dout * gain
    mean_g = g.mean(axis=1, keepdims=True)
    along = (g * normed).mean(axis=1, keepdims=True)
    dx = std_inv * (g - mean_g - normed * along)
