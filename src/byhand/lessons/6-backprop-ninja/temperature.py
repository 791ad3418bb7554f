"""6.13 A derivation of your own: softmax with a temperature

The logits are divided by a temperature T before the softmax: a high one makes
all classes alike, a low one leaves only the largest. T is an input, a single
number, and can be learned.

Derive both gradients on paper, without writing those in between: `dlogits` and
`dT`. The reading's result carries over; T is used by every element.
"""

import numpy as np


def inputs(rng, *, n=8, classes=5):
    return {
        "logits": rng.normal(size=(n, classes)) * 2,
        "T": np.array(rng.uniform(0.5, 2.0)),
        "y": rng.integers(0, classes, n),
    }


def forward(logits, T, y):
    n = len(y)
    scaled = logits / T
    counts = np.exp(scaled)
    probs = counts / counts.sum(axis=1, keepdims=True)
    loss = -np.log(probs[np.arange(n), y]).mean()
    return loss


def backward(T, y, n, scaled, probs):
    # BEGIN SOLUTION
    # What comes back to scaled: what was said, less what is right, as in the reading.
    back = probs.copy()
    back[np.arange(n), y] -= 1
    back /= n
    dlogits = back / T
    dT = -(back * scaled).sum() / T
    # END SOLUTION
