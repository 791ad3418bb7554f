"""The bigram model as a net of one layer, in steps: `bigram_net` of the zoo,
taken apart.

X has the first characters of n pairs, Y the second ones. The model is Andrej
Karpathy's: "The spelled-out intro to language modeling: building makemore"
(Neural Networks: Zero to Hero, 2022).
"""

import numpy as np


def inputs(rng, *, n=32, vocabulary=27):
    return {
        "X": rng.integers(0, vocabulary, (n, 1)),
        "Y": rng.integers(0, vocabulary, n),
        "W": rng.normal(size=(vocabulary, vocabulary)),
    }


def forward(X, Y, W):
    n = len(X)
    onehot = np.eye(W.shape[0], dtype=W.dtype)[X[:, 0]]  # (n, vocabulary)
    logits = onehot @ W
    counts = np.exp(logits)
    total = counts.sum(axis=1, keepdims=True)  # (n, 1)
    probs = counts / total
    right = probs[np.arange(n), Y]  # (n,)
    surprise = -np.log(right)
    loss = surprise.mean()
    return loss


def backward(Y, n, onehot, counts, total, probs, right):
    dsurprise = np.ones_like(right) / n
    dright = -dsurprise / right

    # Only the right element of each row was looked at.
    dprobs = np.zeros_like(probs)
    dprobs[np.arange(n), Y] = dright

    # The total was broadcast along its row, and counts has two paths: probs, and the total.
    dtotal = -(dprobs * probs).sum(axis=1, keepdims=True) / total
    dcounts = dprobs / total + dtotal

    dlogits = dcounts * counts
    dW = onehot.T @ dlogits
