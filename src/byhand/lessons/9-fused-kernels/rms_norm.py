"""9.2 RMS norm with the residual added

In a large model, adding to the residual stream and normalising it are one kernel: it
reads x and residual, writes their sum h, which goes on as the new residual, and
writes the normalised h times weight.

Two outputs, so two gradients come in: `dout` and `dh`. Kept are h, the weight, and
one number for each row, `rstd`. There is no mean to take out, only the length.

Write `dweight`, `dx` and `dresidual`.
"""

import torch


def inputs(rng, *, n=3, time=4, width=6):
    def floats(*shape):
        return torch.from_numpy(rng.normal(size=shape))

    return {
        "x": floats(n, time, width),
        "residual": floats(n, time, width),
        "weight": floats(width) * 0.3 + 1,
    }


def forward(x, residual, weight):
    h = x + residual
    rstd = torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + 1e-6)  # (n, time, 1)
    out = h * rstd * weight
    return out, h


def backward(h, rstd, weight, dout, dh):
    # BEGIN SOLUTION
    normed = h * rstd
    dweight = (dout * normed).sum((0, 1))
    dnormed = dout * weight
    share = (dnormed * normed).mean(-1, keepdim=True)
    # What came in for h itself goes on as it is.
    dx = rstd * (dnormed - normed * share) + dh
    dresidual = dx
    # END SOLUTION
