"""Edits in place over several lines, branches and slices: a residual block with a concatenation."""

import numpy as np


def inputs(rng, *, n=5, width=6, extra=3):
    return {
        "x": rng.normal(size=(n, width)),
        "u": rng.normal(size=(n, extra)),
        "W": rng.normal(size=(width + extra, width)),
        "slope": np.array(0.2),
    }


def forward(x, u, W, slope):
    width = x.shape[1]
    both = np.concatenate([x, u], axis=1)
    z = both @ W
    leaky = np.where(z > 0, z, slope * z)
    out = x + leaky
    if width > 1:
        last = out[:, 1:] - out[:, :-1]
        loss = (last**2).sum() + out.sum()
    else:
        loss = out.sum()
    return loss


def backward(x, u, W, slope, both, z, out, width):
    dout = np.ones_like(out)
    if width > 1:
        dlast = 2 * (out[:, 1:] - out[:, :-1])
        dout[:, 1:] += dlast
        dout[:, :-1] -= dlast
    dleaky = dout.copy()
    dz = dleaky.copy()
    dz[z <= 0] *= slope
    dslope = (dleaky * z * (z <= 0)).sum()
    dW = np.zeros_like(W)
    np.matmul(both.T, dz, out=dW)
    dboth = dz @ W.T
    dx, du = dboth[:, :width].copy(), dboth[:, width:]
    dx += dout
