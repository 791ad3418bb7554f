"""8.11 A loss that doesn't count every place

A transformer's end: scores for the next character at every place. But a word has fewer
characters than there are places, and after its end there is nothing to say: there `Y` is
-1, and `counted` is 0. The loss is the mean over the places that count.

Write `dlogits`, and go back over `logits = ln @ W`, which has no bias. Mind that -1 is an
index, too: it picks the last class. What must not go back from there?
"""

import numpy as np


def inputs(rng, *, n=3, time=4, width=5, vocabulary=6):
    Y = rng.integers(0, vocabulary, (n, time))
    Y[np.arange(time) > rng.integers(0, time, (n, 1))] = -1  # after the end of each word
    return {
        "ln": rng.normal(size=(n, time, width)),
        "W": rng.normal(size=(width, vocabulary)),
        "Y": Y,
    }


def forward(ln, W, Y):
    n, time = Y.shape
    rows, columns = np.arange(n)[:, None], np.arange(time)
    logits = ln @ W  # (n, time, vocabulary)
    counts = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probs = counts / counts.sum(axis=-1, keepdims=True)
    counted = (Y >= 0).astype(probs.dtype)  # (n, time)
    loss = -(np.log(probs[rows, columns, Y]) * counted).sum() / counted.sum()
    return loss


def backward(ln, W, Y, probs, rows, columns, counted):
    # BEGIN SOLUTION
    dlogits = probs.copy()
    dlogits[rows, columns, Y] -= 1
    # A place that doesn't count gives nothing back, to any class.
    dlogits *= (counted / counted.sum())[..., None]
    dW = np.einsum("nti,ntj->ij", ln, dlogits)
    dln = dlogits @ W.T
    # END SOLUTION
