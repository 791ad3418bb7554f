"""The product of all elements, one of which is zero."""

import numpy as np


def inputs(rng, *, n=5):
    x = rng.normal(size=n)
    x[0] = 0
    return {"x": x}


def forward(x):
    out = np.prod(x)
    return out


def backward(dout, x, out):
    dx = dout * np.array([np.prod(np.delete(x, i)) for i in range(len(x))])
