"""A gated layer whose backward is put together from functions of the file."""

import numpy as np


def inputs(rng, *, n=6, features=5, hidden=4):
    return {
        "x": rng.normal(size=(n, features)),
        "W": rng.normal(size=(features, hidden)),
        "V": rng.normal(size=(features, hidden)),
        "b": rng.normal(size=hidden),
    }


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def linear_backward(dout, x, W):
    """The gradients of `x @ W`."""
    return dout @ W.T, x.T @ dout


def sigmoid_backward(dout, s):
    return dout * s * (1 - s)


def forward(x, W, V, b):
    a = x @ W
    g = x @ V + b
    s = sigmoid(g)
    out = a * s
    return out


def backward(x, W, V, a, s, dout):
    da = dout * s
    ds = dout * a
    dg = sigmoid_backward(ds, s)
    through_a, dW = linear_backward(da, x, W)  # noqa: RUF059
    through_g, dV = linear_backward(dg, x, V)  # noqa: RUF059
    dx = through_a + through_g
    db = dg.sum(axis=0)
