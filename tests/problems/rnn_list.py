"""A vanilla RNN over a few time steps; its gradients come back through a list, last step first."""

import numpy as np

data = ("x", "y")


def inputs(rng, *, n=6, steps=4, features=5, hidden=7):
    return {
        "x": rng.normal(size=(steps, n, features)),
        "y": rng.normal(size=(n, hidden)),
        "h0": rng.normal(size=(n, hidden)),
        "Wx": rng.normal(size=(features, hidden)) * 0.5,
        "Wh": rng.normal(size=(hidden, hidden)) * 0.5,
        "b": rng.normal(size=hidden) * 0.1,
    }


def forward(x, y, h0, Wx, Wh, b):
    steps = x.shape[0]
    hs = [h0]
    for t in range(steps):
        hs.append(np.tanh(x[t] @ Wx + hs[t] @ Wh + b))
    error = hs[steps] - y
    loss = (error**2).mean() + 0.1 * (hs[1] * hs[2]).mean()
    return loss


def backward(x, h0, hs, Wx, Wh, b, error):
    steps = x.shape[0]
    derror = 2 * error / error.size
    dhs = [np.zeros_like(h) for h in hs]
    dhs[steps] = dhs[steps] + derror
    dhs[1] += 0.1 * hs[2] / hs[2].size
    dhs[2] += 0.1 * hs[1] / hs[1].size
    dWx = np.zeros_like(Wx)
    dWh = np.zeros_like(Wh)
    db = np.zeros_like(b)
    for t in reversed(range(steps)):
        da = (1 - hs[t + 1] ** 2) * dhs[t + 1]
        dWx += x[t].T @ da
        dWh += hs[t].T @ da
        db += da.sum(0)
        dhs[t] += da @ Wh.T
    dh0 = dhs[0]
