"""Whole numbers: the largest of a row often occurs twice, and ReLU is often at exactly 0."""

import numpy as np


def inputs(rng, *, n=6, features=5):
    return {
        "x": rng.integers(-2, 3, (n, features)).astype(float),
        "w": rng.normal(size=(n, 1)),
    }


def forward(x, w):
    r = np.maximum(x, 0)
    top = x.max(axis=1, keepdims=True)
    out = r * w + top * top
    return out


def backward(x, w, r, top, dout):
    dr = dout * w
    dw = (dout * r).sum(axis=1, keepdims=True)
    dtop = (dout * 2 * top).sum(axis=1, keepdims=True)
    dx = dr * (x >= 0)
    largest = x == top
    dx += dtop * largest / largest.sum(axis=1, keepdims=True)
