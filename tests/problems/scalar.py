"""Gradients of plain numbers: the neuron of micrograd, with a temperature."""

import numpy as np


def inputs(rng):
    return {
        "x1": np.array(2.0),
        "x2": np.array(-0.7),
        "w1": np.array(-3.0),
        "w2": np.array(1.3),
        "b": np.array(6.88),
        "T": np.array(1.7),
    }


def forward(x1, x2, w1, w2, b, T):
    n = x1 * w1 + x2 * w2 + b
    s = n / T
    o = np.tanh(s)
    loss = o * o + s
    return loss


def backward(x1, x2, w1, w2, T, n, o):
    do = 2 * o
    ds = 1 + do * (1 - o**2)
    dn = ds / T
    dT = -ds * n / T**2
    db = dn
    dx1 = dn * w1
    dw1 = dn * x1
    dx2, dw2 = dn * w2, dn * x2
