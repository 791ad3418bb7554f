"""A linear support vector machine: the binary hinge loss, and a penalty; labels are 1 and -1.

Closed form: lambda w less the mean of y x over the examples within the margin. Shalev-Shwartz,
Singer, Srebro and Cotter, "Pegasos: primal estimated sub-gradient solver for SVM" (2011),
section 2.
"""

import numpy as np

data = ("x", "y")


def inputs(rng, *, n=9, features=4):
    return {
        "x": rng.normal(size=(n, features)),
        "y": np.where(rng.random(n) < 0.5, -1.0, 1.0),
        "w": rng.normal(size=features),
        "b": rng.normal(size=()),
    }


def forward(x, y, w, b):
    penalty = 0.1
    n = x.shape[0]
    scores = x @ w + b
    margins = 1 - y * scores
    losses = np.maximum(margins, 0)
    risk = losses.sum() / n
    loss = risk + 0.5 * penalty * (w**2).sum()
    return loss


def backward(x, y, w, penalty, margins):
    n = len(y)
    dscores = -y * (margins > 0) / n
    dw = x.T @ dscores + penalty * w
    db = dscores.sum()
