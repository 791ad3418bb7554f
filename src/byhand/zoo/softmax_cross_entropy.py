"""Softmax and cross-entropy, one row of three classes: however many steps, it comes back as p - y.

It is the first closed form that one works out by hand. Andrej Karpathy's "Building makemore Part 4:
becoming a backprop ninja" (Neural Networks: Zero to Hero, 2022) has it as its second exercise.
`byhand derive softmax_cross_entropy --closed --numbers` works it in numbers.
"""

import numpy as np


def inputs(rng, *, n=1, classes=3):
    """The logits of n rows, and which class is right in each."""
    return {"logits": rng.normal(size=(n, classes)) * 2, "y": rng.integers(0, classes, n)}


def forward(logits, y):
    n = len(y)
    counts = np.exp(logits)
    counts_sum = counts.sum(axis=1, keepdims=True)
    probs = counts / counts_sum
    logprobs = np.log(probs)
    loss = -logprobs[np.arange(n), y].sum()
    return loss


def backward(y, n, probs):
    # What was said, less what is right. A row adds up to 0: to raise all its logits alike changes
    # nothing.
    dlogits = probs.copy()
    dlogits[np.arange(n), y] -= 1
