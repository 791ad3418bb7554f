"""8.6 Many heads are a matter of shapes

One product makes queries, keys and values of all heads: a row of `qkv` has 3 times
`heads` times `head` numbers. They are sorted by a reshape and a transpose.

Nothing is computed here, so nothing is computed on the way back, either: every
number has to find its place again. `dq`, `dk` and `dv` come in.
"""

import numpy as np


def inputs(rng, *, n=2, time=5, heads=3, head=4):
    width = heads * head
    return {
        "x": rng.normal(size=(n, time, width)),
        "W": rng.normal(size=(width, 3 * width)) / np.sqrt(width),
        "heads": heads,
    }


def forward(x, W, heads):
    n, time, width = x.shape
    qkv = x @ W  # (n, time, 3 * width)
    split = qkv.reshape(n, time, 3, heads, width // heads).transpose(2, 0, 3, 1, 4)
    q, k, v = split[0], split[1], split[2]  # (n, heads, time, head) each
    return q, k, v


def backward(x, W, heads, qkv, dq, dk, dv):
    # BEGIN SOLUTION
    dsplit = np.stack([dq, dk, dv])  # (3, n, heads, time, head)
    dqkv = dsplit.transpose(1, 3, 0, 2, 4).reshape(qkv.shape)
    # END SOLUTION
    dW = np.einsum("nti,ntj->ij", x, dqkv)
    dx = dqkv @ W.T
