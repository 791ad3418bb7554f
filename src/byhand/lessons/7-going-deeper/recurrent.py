"""7.8 A recurrence: back through time

One matrix, used at every step: the state `hs[t + 1]` is made from the state
before it and from the next input. Seen from the end it is a deep net whose
layers share their weights, so `dW` has a share from every step.

When it is right, print the size of dhs[t] for every t. Then multiply W in
`inputs` by 3 and print it again: this is how gradients explode. (Put it back
afterwards.)
"""

import numpy as np

data = ("x",)


def inputs(rng, *, n=4, time=6, width=3):
    return {
        "x": rng.normal(size=(time, n, width)),
        "W": rng.normal(size=(width, width)) * 0.5,
    }


def forward(x, W):
    hs, pres = [x[0] * 0], []
    for t in range(len(x)):
        pres.append(hs[t] @ W + x[t])
        hs.append(np.tanh(pres[t]))
    last = hs[-1]
    return last


def backward(x, W, hs, dlast):
    dhs, dpres = [None] * len(hs), [None] * len(x)
    dhs[-1] = dlast
    dW = np.zeros_like(W)
    for t in reversed(range(len(x))):
        # BEGIN SOLUTION
        dpres[t] = (1 - hs[t + 1] ** 2) * dhs[t + 1]
        dW += hs[t].T @ dpres[t]
        dhs[t] = dpres[t] @ W.T
        # END SOLUTION
