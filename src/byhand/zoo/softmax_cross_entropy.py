"""Softmax and cross-entropy on one row of three classes: the gradient is what was said less what is
right.

It is the first closed form that one works out by hand: however many steps the forward takes, all of
its backward is `probs - onehot`. Andrej Karpathy's "Building makemore Part 4: becoming a backprop
ninja" (Neural Networks: Zero to Hero, 2022) has it as its second exercise; it is in Bridle (1990),
"Training stochastic model recognition algorithms as networks", section 4.
"""

import numpy as np


def inputs(rng, *, n=1, classes=3):
    """Logits of n rows, and which class is right in each."""
    return {"logits": rng.normal(size=(n, classes)) * 2, "y": rng.integers(0, classes, n)}


def forward(logits, y):
    n = logits.shape[0]
    counts = np.exp(logits)
    counts_sum = counts.sum(axis=1, keepdims=True)
    probs = counts / counts_sum
    logprobs = np.log(probs)
    loss = -logprobs[np.arange(n), y].mean()
    return loss


def backward(y, n, probs):
    # Every row adds up to 0: raising all logits of a row alike changes no probability.
    dlogits = probs.copy()
    dlogits[np.arange(n), y] -= 1
    dlogits /= n
