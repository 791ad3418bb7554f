"""Softmax regression with smoothed labels and PyTorch's own cross-entropy.

Closed form: softmax less the smoothed labels, over n. Szegedy, Vanhoucke, Ioffe, Shlens and Wojna,
"Rethinking the Inception architecture for computer vision" (2016), section 7; Bishop, Pattern
Recognition and Machine Learning (2006), equation 4.109.
"""

import torch
import torch.nn.functional as F

data = ("x",)


def inputs(rng, *, n=9, features=4, classes=5):
    return {
        "x": torch.from_numpy(rng.normal(size=(n, features))),
        "y": torch.from_numpy(rng.integers(0, classes, n)),
        "W": torch.from_numpy(rng.normal(size=(features, classes))),
        "b": torch.from_numpy(rng.normal(size=classes)),
    }


def forward(x, y, W, b):
    logits = x @ W + b
    loss = F.cross_entropy(logits, y, label_smoothing=0.1)
    return loss


def backward(x, y, logits):
    n, classes = logits.shape
    dlogits = (F.softmax(logits, 1) - 0.1 / classes) / n
    dlogits[range(n), y] -= 0.9 / n
    db = dlogits.sum(0)
    dW = x.T @ dlogits
