"""The multi-class hinge loss of scores (Weston and Watkins 1999).

Closed form: 1 for every class within the margin, and for the label minus the number of the others.
Li's and Karpathy's notes for CS231n (Stanford, 2015), "Optimization", computing the gradient with
calculus.
"""

import numpy as np


def inputs(rng, *, n=7, classes=5):
    return {"scores": rng.normal(size=(n, classes)), "y": rng.integers(0, classes, n)}


def forward(scores, y):
    n = scores.shape[0]
    correct = scores[np.arange(n), y]
    margins = scores - correct[:, None] + 1
    losses = np.maximum(margins, 0)
    loss = losses.sum() / n - 1
    return loss


def backward(y, margins):
    n = len(y)
    dscores = (margins > 0) / n
    dscores[np.arange(n), y] -= dscores.sum(axis=1)
