"""2.5 A stack of products

`x @ W` works for stacks, too: x has the shape (n, time, width) here, and every
one of its n matrices is multiplied by the same W. The scores multiply each of
the n results with the transpose of that same x, so that they have the shape
(n, time, time).

swapaxes(-1, -2) transposes each matrix of a stack. And W is one matrix for
all.
"""

import numpy as np


def inputs(rng, *, n=3, time=4, width=5):
    return {
        "x": rng.normal(size=(n, time, width)),
        "W": rng.normal(size=(width, width)),
    }


def forward(x, W):
    keys = x @ W
    scores = keys @ x.swapaxes(-1, -2)
    return scores


def backward(x, W, keys, dscores):
    # BEGIN SOLUTION
    dkeys = dscores @ x
    dW = (x.swapaxes(-1, -2) @ dkeys).sum(axis=0)
    dx = dscores.swapaxes(-1, -2) @ keys + dkeys @ W.T
    # END SOLUTION
