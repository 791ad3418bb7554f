"""One step of a long short-term memory, all four gates from one product.

Hochreiter and Schmidhuber (1997); Gers, Schmidhuber and Cummins (2000) for the forget gate. Closed
form: the deltas of Greff, Srivastava, Koutnik, Steunebrink and Schmidhuber, "LSTM: a search space
odyssey" (2017), section II.B, without peepholes.
"""

import numpy as np


def inputs(rng, *, n=3, features=4, hidden=5):
    return {
        "x": rng.normal(size=(n, features)),
        "h": rng.normal(size=(n, hidden)),
        "c": rng.normal(size=(n, hidden)),
        "W": rng.normal(size=(features, 4 * hidden)) / np.sqrt(features),
        "U": rng.normal(size=(hidden, 4 * hidden)) / np.sqrt(hidden),
        "b": rng.normal(size=4 * hidden),
    }


def forward(x, h, c, W, U, b):
    pre = x @ W + h @ U + b
    ai, af, ao, ag = np.split(pre, 4, axis=1)
    i = 1 / (1 + np.exp(-ai))
    f = 1 / (1 + np.exp(-af))
    o = 1 / (1 + np.exp(-ao))
    g = np.tanh(ag)
    cell = f * c + i * g
    squashed = np.tanh(cell)
    out = o * squashed
    return out


def backward(x, h, c, W, U, i, f, o, g, squashed, dout):
    dcell = dout * o * (1 - squashed**2)
    dao = dout * squashed * o * (1 - o)
    daf = dcell * c * f * (1 - f)
    dai = dcell * g * i * (1 - i)
    dag = dcell * i * (1 - g**2)
    dpre = np.concatenate([dai, daf, dao, dag], axis=1)
    db = dpre.sum(axis=0)
    dW = x.T @ dpre
    dU = h.T @ dpre
    dx = dpre @ W.T
    dh = dpre @ U.T
    dc = dcell * f
