"""An LSTM over time: two lists, and gates split off one product (Hochreiter & Schmidhuber 1997)."""

import numpy as np


def inputs(rng, *, n=4, steps=5, features=3, hidden=6):
    return {
        "x": rng.normal(size=(steps, n, features)),
        "h0": rng.normal(size=(n, hidden)),
        "c0": rng.normal(size=(n, hidden)),
        "W": rng.normal(size=(features, 4 * hidden)),
        "U": rng.normal(size=(hidden, 4 * hidden)) * 0.3,
        "b": rng.normal(size=4 * hidden),
    }


def forward(x, h0, c0, W, U, b):
    hs = [h0]
    cs = [c0]
    for t in range(len(x)):
        gates = x[t] @ W + hs[-1] @ U + b
        i, f, o, g = np.split(gates, 4, axis=1)
        c = 1 / (1 + np.exp(-f)) * cs[-1] + 1 / (1 + np.exp(-i)) * np.tanh(g)
        cs.append(c)
        hs.append(1 / (1 + np.exp(-o)) * np.tanh(c))
    loss = (hs[-1] ** 2).mean()
    return loss
