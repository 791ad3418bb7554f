"""Standardising by a row and a column: broadcasting in a division, both ways."""

import numpy as np


def inputs(rng, *, n=6, features=4):
    return {
        "x": rng.normal(size=(n, features)),
        "scale": rng.uniform(0.5, 2, size=features),
        "height": rng.normal(size=(n, 1)),
    }


def forward(x, scale, height):
    scaled = x / scale
    ratio = height / (1 + scaled**2)
    out = np.log1p(ratio**2)
    return out


def backward(x, scale, height, scaled, ratio, dout):
    dratio = dout * 2 * ratio / (1 + ratio**2)
    dheight = (dratio / (1 + scaled**2)).sum(axis=1, keepdims=True)
    dscaled = -dratio * ratio * 2 * scaled / (1 + scaled**2)
    dx = dscaled / scale
    dscale = (-dscaled * scaled / scale).sum(axis=0)
