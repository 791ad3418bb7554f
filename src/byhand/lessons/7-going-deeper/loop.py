"""7.1 Many layers, one loop

Every layer does the same: a matrix product, then tanh. So the way back is the
same for every layer, too, and three lines in a loop do for any number of them.

`hs[i]` goes into layer i, and `hs[i + 1]` comes out of it. The loop runs from the
last layer to the first. Write what stands in it: `dWs[i]` and `dhs[i]`, from
`dhs[i + 1]`. A local of your own may help.
"""

import numpy as np


def inputs(rng, *, n=16, width=12, layers=5):
    def weights():
        return rng.normal(size=(width, width)) * (5 / 3) / np.sqrt(width)

    return {"x": rng.normal(size=(n, width)), "Ws": [weights() for _ in range(layers)]}


def forward(x, Ws):
    hs = [x]
    for i in range(len(Ws)):
        hs.append(np.tanh(hs[i] @ Ws[i]))  # (n, width)
    out = hs[len(Ws)]
    return out


def backward(Ws, hs, dout):
    layers = len(Ws)
    dhs = [None] * layers + [dout]
    dWs = [None] * layers
    for i in reversed(range(layers)):
        # BEGIN SOLUTION
        # da is the gradient of the product: tanh' = 1 - tanh^2, taken at what came out.
        da = (1 - hs[i + 1] ** 2) * dhs[i + 1]
        dWs[i] = hs[i].T @ da
        dhs[i] = da @ Ws[i].T
        # END SOLUTION
    dx = dhs[0]
