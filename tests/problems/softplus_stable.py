"""Softplus in the form that can't overflow.

Closed form: the logistic function. Dugas, Bengio, Belisle, Nadeau and Garcia, "Incorporating
second-order functional knowledge for better option pricing" (2001).
"""

import numpy as np


def inputs(rng, *, n=6, features=4):
    return {"x": rng.normal(size=(n, features)) * 3}


def forward(x):
    positive = np.maximum(x, 0)
    tail = np.exp(-np.abs(x))
    out = positive + np.log1p(tail)
    return out


def backward(x, dout):
    dx = dout / (1 + np.exp(-x))
