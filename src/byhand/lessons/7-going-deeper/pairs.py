"""7.2 Neighbours, two by two

`x` has a vector for each of 8 places. Neighbours are joined in pairs by reading
the same numbers in another shape: four vectors, each twice as long. One matrix
then takes in every pair, and `b` is added to every result.

Before you write, count: how often is each number in `W` used? And each in `b`?
`dpairs` and `dx` need no sum at all.
"""

import numpy as np


def inputs(rng, *, n=5, pairs=4, features=3, hidden=6):
    return {
        "x": rng.normal(size=(n, 2 * pairs, features)),
        "W": rng.normal(size=(2 * features, hidden)),
        "b": rng.normal(size=hidden),
    }


def forward(x, W, b):
    n, places, features = x.shape
    pairs = x.reshape(n, places // 2, 2 * features)
    out = pairs @ W + b  # (n, places // 2, hidden)
    return out


def backward(x, W, pairs, dout):
    # BEGIN SOLUTION
    dpairs = dout @ W.T
    # One row for each pair of each context: all of them have used W and b.
    rows = dout.reshape(-1, dout.shape[-1])
    dW = pairs.reshape(-1, W.shape[0]).T @ rows
    db = dout.sum(axis=(0, 1))
    dx = dpairs.reshape(x.shape)
    # END SOLUTION
