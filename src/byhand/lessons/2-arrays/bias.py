"""2.1 Broadcasting: a bias

b has 4 elements and x has rows of 4. NumPy adds b to every row of x, as if b
had been copied for each of them. So every element of b is used once a row.

`dout` comes in: what lies behind `out` doesn't matter here.
"""

import numpy as np


def inputs(rng, *, n=6, width=4):
    return {"x": rng.normal(size=(n, width)), "b": rng.normal(size=width)}


def forward(x, b):
    out = x + b
    return out


def backward(dout):
    # BEGIN SOLUTION
    dx = dout
    db = dout.sum(axis=0)
    # END SOLUTION
