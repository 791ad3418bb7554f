"""8.9 Half a block: layer norm, a small net, and the way around

    out = x + gelu(layer_norm(x) @ W1 + b1) @ W2 + b2

That is the second half of a transformer block; the first has attention in the place
of the small net. `x` is read twice: by the layer norm, and by the sum.

You may call what you have written: `gelu_backward(dout, u)` gives du, and
`layer_norm_backward(dout, x, gain)` gives the gradients of x, gain and bias.
"""

import numpy as np

from byhand.zoo.layers import gelu, gelu_backward, layer_norm, layer_norm_backward


def inputs(rng, *, n=2, time=3, width=4, hidden=5):
    return {
        "x": rng.normal(size=(n, time, width)),
        "gain": rng.normal(size=width) * 0.2 + 1,
        "bias": rng.normal(size=width) * 0.2,
        "W1": rng.normal(size=(width, hidden)) / np.sqrt(width),
        "b1": rng.normal(size=hidden) * 0.2,
        "W2": rng.normal(size=(hidden, width)) / np.sqrt(hidden),
        "b2": rng.normal(size=width) * 0.2,
    }


def forward(x, gain, bias, W1, b1, W2, b2):
    ln = layer_norm(x, gain, bias)
    u = ln @ W1 + b1
    g = gelu(u)
    out = x + g @ W2 + b2
    return out


def backward(x, gain, W1, W2, ln, u, g, dout):
    # BEGIN SOLUTION
    dg = dout @ W2.T
    dW2 = np.einsum("nti,ntj->ij", g, dout)
    db2 = dout.sum(axis=(0, 1))
    du = gelu_backward(dg, u)
    dln = du @ W1.T
    dW1 = np.einsum("nti,ntj->ij", ln, du)
    db1 = du.sum(axis=(0, 1))
    through, dgain, dbias = layer_norm_backward(dln, x, gain)
    # What came back to the sum goes around the net as it is.
    dx = dout + through
    # END SOLUTION
