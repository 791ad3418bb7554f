"""4.4 Another nonlinearity, with a knob

tanh goes numb on both sides. A leaky ReLU lets everything pass where z is
positive, and a small share, `slope`, where it is negative. Here the slope is
learned too: a single number, used wherever a z is negative.

Go back over both branches, and collect `dslope`.
"""

import numpy as np


def inputs(rng, *, n=8, width=5, hidden=6):
    return {
        "x": rng.normal(size=(n, width)),
        "W": rng.normal(size=(width, hidden)),
        "slope": np.array(rng.uniform(0.1, 0.4)),
    }


def forward(x, W, slope):
    z = x @ W
    h = np.where(z > 0, z, slope * z)
    return h


def backward(x, W, slope, z, dh):
    # BEGIN SOLUTION
    dz = np.where(z > 0, 1.0, slope) * dh
    dslope = (dh * np.where(z > 0, 0.0, z)).sum()
    dx = dz @ W.T
    dW = x.T @ dz
    # END SOLUTION
