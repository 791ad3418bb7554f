"""A linear layer and its hyperbolic tangent.

Closed form: the delta of Rumelhart, Hinton and Williams, "Learning representations by
back-propagating errors" (1986), with 1 - h^2 for the derivative of the hyperbolic tangent.
"""

import numpy as np


def inputs(rng, *, n=6, features=5, hidden=4):
    return {
        "x": rng.normal(size=(n, features)),
        "W": rng.normal(size=(features, hidden)) / np.sqrt(features),
        "b": rng.normal(size=hidden),
    }


def forward(x, W, b):
    pre = x @ W + b
    h = np.tanh(pre)
    return h


def backward(x, W, h, dh):
    dpre = dh * (1 - h**2)
    db = dpre.sum(axis=0)
    dW = x.T @ dpre
    dx = dpre @ W.T
