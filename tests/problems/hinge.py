"""A linear classifier with the multi-class hinge loss (Weston and Watkins 1999)."""

import numpy as np

data = ("x",)


def inputs(rng, *, n=9, features=5, classes=4):
    return {
        "x": rng.normal(size=(n, features)),
        "y": rng.integers(0, classes, n),
        "W": rng.normal(size=(features, classes)),
    }


def forward(x, y, W):
    n = x.shape[0]
    scores = x @ W
    correct = scores[np.arange(n), y][:, None]
    margins = scores - correct + 1
    losses = np.maximum(0, margins)
    loss = losses.sum() / n - 1 + 0.01 * (W**2).sum()
    return loss


def backward(x, y, W, margins):
    n = x.shape[0]
    dmargins = (margins > 0) / n
    dcorrect = -dmargins.sum(axis=1, keepdims=True)
    dscores = dmargins.copy()
    dscores[np.arange(n), y] += dcorrect[:, 0]
    dW = x.T @ dscores
    dW += 0.02 * W
