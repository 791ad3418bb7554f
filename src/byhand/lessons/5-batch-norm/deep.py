"""5.6 Deep

Six layers of tanh, one after the other, in a loop. The weights come in a list,
and forward keeps every layer's values in `hs`; hs[0] is x. Walk the list
backwards; the answers are lists, too, or their elements: `dWs[i]` and
`dhs[i]`.

When it is right, print dhs[i].std() for every i. Then scale the weights in
`inputs` by 0.5 or by 3 and print it again. (The check takes your inputs as
they are; put them back after.)
"""

import numpy as np

LAYERS = 6
GAIN = 5 / 3


def inputs(rng, *, n=8, width=10):
    scale = GAIN / np.sqrt(width)
    return {
        "x": rng.normal(size=(n, width)),
        "Ws": [rng.normal(size=(width, width)) * scale for _ in range(LAYERS)],
    }


def forward(x, Ws):
    hs = [x]
    for W in Ws:
        hs.append(np.tanh(hs[-1] @ W))
    out = hs[-1]
    return out


def backward(Ws, hs, dout):
    # BEGIN SOLUTION
    dhs = [None] * len(hs)
    dWs = [None] * len(Ws)
    dhs[-1] = dout
    for i in reversed(range(len(Ws))):
        dpre = (1 - hs[i + 1] ** 2) * dhs[i + 1]
        dWs[i] = hs[i].T @ dpre
        dhs[i] = dpre @ Ws[i].T
    dx = dhs[0]
    # END SOLUTION
