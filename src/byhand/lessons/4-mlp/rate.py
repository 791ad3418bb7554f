"""4.6 A gradient for the learning rate

A step of learning is a formula like any other: W less the rate times its
gradient g. After the step there is a new loss. So the rate has a gradient,
too, which tells whether it should have been larger.

g is data here, the gradient that the last batch gave. When `drate` is right:
it is minus the sum of a product of two gradients. What does it mean if they
point the same way?
"""

import numpy as np

data = ("x", "t", "g")


def inputs(rng, *, n=8, width=5, outputs=3):
    return {
        "x": rng.normal(size=(n, width)),
        "t": rng.normal(size=(n, outputs)),
        "W": rng.normal(size=(width, outputs)),
        "g": rng.normal(size=(width, outputs)),
        "rate": np.array(0.1),
    }


def forward(x, t, W, g, rate):
    after = W - rate * g
    off = x @ after - t
    loss = (off**2).mean()
    return loss


def backward(x, g, off):
    # BEGIN SOLUTION
    doff = 2 * off / off.size
    dafter = x.T @ doff
    dW = dafter
    drate = -(dafter * g).sum()
    # END SOLUTION
