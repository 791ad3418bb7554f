"""1.5 A neuron

Two inputs, two weights and a bias; tanh; and the squared distance from a
target t. This is the smallest thing that learns: move each weight a little
against its gradient, and the output comes closer to t.

The target is data: nobody asks for its gradient.
"""

import numpy as np

data = ("t",)


def inputs(rng):
    names = ("x1", "x2", "w1", "w2", "b", "t")
    return {name: np.array(rng.normal()) for name in names}


def forward(x1, x2, w1, w2, b, t):
    n = x1 * w1 + x2 * w2 + b
    o = np.tanh(n)
    loss = (o - t) ** 2
    return loss


def backward(x1, x2, w1, w2, t, o):
    # BEGIN SOLUTION
    do = 2 * (o - t)
    dn = (1 - o**2) * do
    dx1, dw1 = w1 * dn, x1 * dn
    dx2, dw2 = w2 * dn, x2 * dn
    db = dn
    # END SOLUTION
