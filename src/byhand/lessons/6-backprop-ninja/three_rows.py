"""The model of this lesson with three rows, small enough to be redone by hand."""

import numpy as np


def inputs(rng):
    return {
        "X": np.array([[0, 1], [1, 1], [1, 2]]),
        "Y": np.array([1, 2, 0]),
        "C": np.array([[-1.0], [1.0], [2.0]]),
        "W1": np.array([[1.0, 1.5], [2.0, -3.0]]),
        "b1": np.array([1.0, 5.0]),
        "W2": np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 2.0]]),
        "b2": np.array([0.0, 0.5, 0.0]),
        "bngain": np.array([[0.5, 1.0]]),
        "bnbias": np.array([[0.5, 0.0]]),
    }


def forward(X, Y, C, W1, b1, W2, b2, bngain, bnbias):
    n = X.shape[0]
    emb = C[X]
    embcat = emb.reshape(n, -1)
    hprebn = embcat @ W1 + b1
    bnmeani = hprebn.sum(axis=0, keepdims=True) / n
    bndiff = hprebn - bnmeani
    bndiff2 = bndiff**2
    bnvar = bndiff2.sum(axis=0, keepdims=True) / (n - 1)
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    bnraw = bndiff * bnvar_inv
    hpreact = bngain * bnraw + bnbias
    h = np.tanh(hpreact)
    logits = h @ W2 + b2
    logit_maxes = logits.max(axis=1, keepdims=True)
    norm_logits = logits - logit_maxes
    counts = np.exp(norm_logits)
    counts_sum = counts.sum(axis=1, keepdims=True)
    counts_sum_inv = counts_sum**-1
    probs = counts * counts_sum_inv
    logprobs = np.log(probs)
    loss = -logprobs[np.arange(n), Y].mean()
    return loss
