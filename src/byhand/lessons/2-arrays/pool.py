"""2.10 Max pooling, and ties

Neighbours are taken in pairs, and only the larger of the two goes on. The
numbers are grey levels from 0 to 3, so in many pairs both are the same.

Which of two equal numbers is "the" maximum? Either may be, or each by half, but
what comes back must be handed out once, and not twice. Add up dx and dout: the
sums must agree.
"""

import numpy as np


def inputs(rng, *, n=4, pairs=6):
    return {"x": rng.integers(0, 4, (n, 2 * pairs)).astype(float)}


def forward(x):
    neighbours = x.reshape(len(x), -1, 2)
    out = neighbours.max(axis=2)
    return out


def backward(x, neighbours, out, dout):
    # BEGIN SOLUTION
    largest = neighbours == out[..., None]
    shares = largest / largest.sum(axis=2, keepdims=True)
    dneighbours = shares * dout[..., None]
    dx = dneighbours.reshape(x.shape)
    # END SOLUTION
