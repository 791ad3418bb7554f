"""Binary cross-entropy with logits, in the form that can't overflow.

Closed form: sigmoid(z) less the label, over the number of them. Bishop, Pattern Recognition and
Machine Learning (2006), equation 4.91; PyTorch's `binary_cross_entropy_with_logits_backward`.
"""

import numpy as np

data = ("y",)


def inputs(rng, *, n=7, labels=4):
    return {
        "z": rng.normal(size=(n, labels)) * 2,
        "y": (rng.random((n, labels)) < 0.5).astype(float),
    }


def forward(z, y):
    positive = np.maximum(z, 0)
    tail = np.log1p(np.exp(-np.abs(z)))
    losses = positive - z * y + tail
    loss = losses.mean()
    return loss


def backward(z, y):
    sigmoid = 1 / (1 + np.exp(-z))
    dz = (sigmoid - y) / z.size
