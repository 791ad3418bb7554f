"""Weight norm: every column of the weights is a direction times a length.

Closed form: Salimans and Kingma, "Weight normalization" (2016), equation 3.
"""

import numpy as np


def inputs(rng, *, n=6, features=5, hidden=4):
    return {
        "x": rng.normal(size=(n, features)),
        "v": rng.normal(size=(features, hidden)),
        "g": rng.normal(size=hidden) + 1,
        "b": rng.normal(size=hidden),
    }


def forward(x, v, g, b):
    length = np.sqrt((v**2).sum(axis=0))
    unit = v / length
    w = g * unit
    out = x @ w + b
    return out


def backward(x, g, length, unit, w, dout):
    db = dout.sum(axis=0)
    dx = dout @ w.T
    dw = x.T @ dout
    dg = (dw * unit).sum(axis=0)
    dv = g / length * (dw - unit * dg)
