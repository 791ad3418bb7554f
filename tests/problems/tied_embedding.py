"""A bigram model whose embedding is also its output layer: one matrix with two paths."""

import numpy as np


def inputs(rng, *, n=12, vocabulary=7, width=5):
    return {
        "ix": rng.integers(0, vocabulary, n),
        "iy": rng.integers(0, vocabulary, n),
        "E": rng.normal(size=(vocabulary, width)),
        "W": rng.normal(size=(width, width)) / np.sqrt(width),
    }


def forward(ix, iy, E, W):
    n = len(ix)
    emb = E[ix]
    h = np.tanh(emb @ W)
    logits = h @ E.T
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss = -np.log(probs[np.arange(n), iy]).mean()
    return loss


def backward(ix, iy, E, W, emb, h, probs):
    n = len(ix)
    dlogits = probs.copy()
    dlogits[np.arange(n), iy] -= 1
    dlogits /= n
    dh = dlogits @ E
    dE = dlogits.T @ h
    da = dh * (1 - h**2)
    dW = emb.T @ da
    demb = da @ W.T
    np.add.at(dE, ix, demb)
