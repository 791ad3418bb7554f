"""Cross-entropy with one-hot labels: a product and a sum where integer labels would be looked up.

Closed form: probs less the labels, over n, as a row of labels adds up to 1. Bishop, Pattern
Recognition and Machine Learning (2006), equation 4.109.
"""

import numpy as np


def inputs(rng, *, n=7, classes=5):
    return {"logits": rng.normal(size=(n, classes)), "y": rng.integers(0, classes, n)}


def forward(logits, y):
    classes = logits.shape[1]
    onehot = np.eye(classes)[y]
    maxes = logits.max(axis=1, keepdims=True)
    counts = np.exp(logits - maxes)
    total = counts.sum(axis=1, keepdims=True)
    probs = counts / total
    logprobs = np.log(probs)
    losses = -(onehot * logprobs).sum(axis=1)
    loss = losses.mean()
    return loss


def backward(onehot, probs):
    n = onehot.shape[0]
    dlogits = (probs - onehot) / n
