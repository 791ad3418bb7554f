"""Binary focal loss: cross-entropy that counts the easy examples less; labels are 1 and -1.

Closed form: y (1 - p)^gamma (gamma p log(p) + p - 1), where p is the probability of the right
label. Lin, Goyal, Girshick, He and Dollar, "Focal loss for dense object detection" (2017),
appendix B.
"""

import numpy as np

data = ("y",)


def inputs(rng, *, n=6, boxes=5):
    return {
        "x": rng.normal(size=(n, boxes)),
        "y": np.where(rng.random((n, boxes)) < 0.5, -1.0, 1.0),
    }


def forward(x, y):
    gamma = 2.0
    signed = y * x
    p = 1 / (1 + np.exp(-signed))
    weight = (1 - p) ** gamma
    logp = np.log(p)
    losses = -weight * logp
    loss = losses.mean()
    return loss


def backward(y, gamma, p, weight, logp):
    dx = y * weight * (gamma * p * logp + p - 1) / y.size
