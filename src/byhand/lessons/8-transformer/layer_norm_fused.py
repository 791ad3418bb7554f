"""8.2 Layer norm in one go

The same, from `dout` to `dx` at once, and with less kept: only `inv` and `normed`.

The reading's rule says it without a calculation: what comes back to `normed` loses
its mean along the row, and its share along `normed`. Mind where the gain belongs.
"""

import numpy as np


def inputs(rng, *, n=3, time=4, width=6):
    return {
        "x": rng.normal(size=(n, time, width)) * 2 + 1,
        "gain": rng.normal(size=width) * 0.3 + 1,
        "bias": rng.normal(size=width),
    }


def forward(x, gain, bias):
    mean = x.mean(axis=-1, keepdims=True)
    var = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    inv = (var + 1e-5) ** -0.5
    normed = (x - mean) * inv
    out = gain * normed + bias
    return out


def backward(gain, inv, normed, dout):
    dgain = (dout * normed).sum(axis=(0, 1))
    dbias = dout.sum(axis=(0, 1))
    # BEGIN SOLUTION
    # The gain is another for each feature, so it is there before the means are taken.
    dnormed = dout * gain
    share = (dnormed * normed).mean(axis=-1, keepdims=True)
    dx = inv * (dnormed - dnormed.mean(axis=-1, keepdims=True) - normed * share)
    # END SOLUTION
