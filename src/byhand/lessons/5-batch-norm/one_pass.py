"""5.5 The variance in one pass

The variance is also the mean of the squares less the square of the mean.
Computed so, the numbers need to be read only once, which is why fast code does
it. The same function, so the same gradient of x; but the paths are others:
`mean` is used twice now.

(In float32 this form loses digits if the mean is large. That is another
story.)
"""

import numpy as np


def inputs(rng, *, n=8, width=5):
    return {"x": rng.normal(size=(n, width)) + 0.5}


def forward(x):
    n = len(x)
    mean = x.sum(axis=0) / n
    square = (x**2).sum(axis=0) / n
    var = square - mean**2
    inv = (var + 1e-5) ** -0.5
    normed = (x - mean) * inv
    return normed


def backward(x, n, mean, inv, dnormed):
    dinv = (dnormed * (x - mean)).sum(axis=0)
    dvar = -0.5 * inv**3 * dinv
    # BEGIN SOLUTION
    dsquare = dvar
    dmean = -2 * mean * dvar - (dnormed * inv).sum(axis=0)
    dx = dnormed * inv + dsquare * 2 * x / n + dmean / n
    # END SOLUTION
