"""Two layers with a skip connection; by default all sizes are equal, where a transpose can hide."""

import numpy as np

data = ("t",)


def inputs(rng, *, n=5, features=5, hidden=5):
    return {
        "x": rng.normal(size=(n, features)),
        "t": rng.normal(size=(n, features)),
        "W1": rng.normal(size=(features, hidden)),
        "b1": rng.normal(size=hidden),
        "W2": rng.normal(size=(hidden, features)),
        "gain": rng.normal(size=(n, 1)),
    }


def forward(x, t, W1, b1, W2, gain):
    n = x.shape[0]
    a = x @ W1 + b1
    h = np.tanh(a)
    y = h @ W2 + gain * x
    diff = y - t
    loss = (diff**2).sum() / (n - 0.5)
    return loss


def backward(x, W1, W2, gain, h, diff):
    n = x.shape[0]
    ddiff = 2 * diff / (n - 0.5)
    dy = ddiff
    dh = dy @ W2.T
    dW2 = h.T @ dy
    dgain = (dy * x).sum(axis=1, keepdims=True)
    da = (1 - h**2) * dh
    dW1 = x.T @ da
    db1 = da.sum(axis=0)
    dx = gain * dy
    dx += da @ W1.T
