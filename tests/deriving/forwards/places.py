"""What is large is picked by its places; a remainder, a median and a determinant beside it."""

import numpy as np


def inputs(rng, *, n=6, k=3):
    return {"x": rng.normal(size=(n, k)), "w": rng.normal(size=n), "A": rng.normal(size=(k, k))}


def forward(x, w, A):
    rows, cols = np.nonzero(x > 0.2)
    large = x[rows, cols]
    above = np.where(w > np.median(w))
    wrapped = w % 0.7 * w
    order = np.argsort(x[:, 0], kind="stable")
    logdet = np.linalg.slogdet(A)[1]
    loss = (large**2).sum() + w[above].sum() + wrapped[order[:2]].sum() + logdet
    return loss
