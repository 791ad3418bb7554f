"""Cross-entropy with integer labels: a softmax, the probability of the label, its logarithm.

Closed form: probs less the one-hot labels, over n. Karpathy's llm.c (2024), train_gpt2.c,
`crossentropy_softmax_backward`.
"""

import numpy as np


def inputs(rng, *, n=7, classes=5):
    return {"logits": rng.normal(size=(n, classes)), "y": rng.integers(0, classes, n)}


def forward(logits, y):
    n = logits.shape[0]
    counts = np.exp(logits)
    total = counts.sum(axis=1, keepdims=True)
    probs = counts / total
    right = probs[np.arange(n), y]
    losses = -np.log(right)
    loss = losses.mean()
    return loss


def backward(y, probs):
    n = len(y)
    dlogits = probs / n
    dlogits[np.arange(n), y] -= 1 / n
