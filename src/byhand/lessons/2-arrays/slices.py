"""2.7 Slices: differences of neighbours

`steps` are the differences between each element of x and the one before it;
the loss is the sum of their squares, as one would write it to make a curve
smooth.

A slice is an index as well. Both slices take almost all of x, so the two
scatters overlap.
"""

import numpy as np


def inputs(rng, *, n=9):
    return {"x": rng.normal(size=n + 1)}


def forward(x):
    later = x[1:]
    earlier = x[:-1]
    steps = later - earlier
    loss = (steps**2).sum()
    return loss


def backward(x, steps):
    # BEGIN SOLUTION
    dsteps = 2 * steps
    dlater = dsteps
    dearlier = -dsteps
    dx = np.zeros_like(x)
    dx[1:] += dlater
    dx[:-1] += dearlier
    # END SOLUTION
