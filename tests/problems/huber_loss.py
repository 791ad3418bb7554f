"""The Huber loss of a residual: square near zero, straight beyond delta.

Closed form: the residual, cut off at -delta and delta. Huber, "Robust estimation of a location
parameter" (1964); PyTorch's `huber_loss_backward`.
"""

import numpy as np

data = ("target",)


def inputs(rng, *, n=7, features=4):
    return {
        "pred": rng.normal(size=(n, features)) * 2,
        "target": rng.normal(size=(n, features)),
    }


def forward(pred, target):
    delta = 0.9
    r = pred - target
    size = np.abs(r)
    small = size <= delta
    losses = np.where(small, 0.5 * r**2, delta * (size - 0.5 * delta))
    loss = losses.mean()
    return loss


def backward(r, delta):
    dpred = np.clip(r, -delta, delta) / r.size
