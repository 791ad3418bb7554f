"""An RNN whose state has one name, bound anew in every step; a target for every step."""

import numpy as np

data = ("x",)


def inputs(rng, *, n=5, steps=3, features=4, hidden=6):
    return {
        "x": rng.normal(size=(steps, n, features)),
        "h": rng.normal(size=(n, hidden)),
        "Wx": rng.normal(size=(features, hidden)) * 0.5,
        "Wh": rng.normal(size=(hidden, hidden)) * 0.5,
    }


def forward(x, h, Wx, Wh):
    steps = x.shape[0]
    n = h.shape[0]
    before = []
    after = []
    for t in range(steps):
        before.append(h)
        h = np.tanh(x[t] @ Wx + h @ Wh)
        after.append(h)
    loss = (h**2).sum() / n
    return loss


def backward(x, h, Wx, Wh, before, after):
    steps = x.shape[0]
    n = h.shape[0]
    dWx = np.zeros_like(Wx)
    dWh = np.zeros_like(Wh)
    dh = 2 * h / n
    for t in range(steps - 1, -1, -1):
        da = dh * (1 - after[t] ** 2)
        dWx += x[t].T @ da
        dWh += before[t].T @ da
        dh = da @ Wh.T
