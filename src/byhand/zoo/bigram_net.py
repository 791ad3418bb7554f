"""The bigram model as a net of one layer: a row of W for each character, its scores for the next.

The character goes in as a one-hot vector, and the layer multiplies it by W, which picks a row. So W
stands for the logs of the counts that `bigram` keeps, and training comes, by small steps, to the
probabilities that counting gives at once. What counting can't do is to go on: put more layers in
place of this one, and there is nothing left to count, but still a gradient.

The model is Andrej Karpathy's: "The spelled-out intro to language modeling: building makemore"
(Neural Networks: Zero to Hero, 2022).
"""

import numpy as np

# All pairs at once, and large steps: there is one best table, and no noise on the way to it.
schedule = {"batch": "full", "rate": 50, "falls": 1, "steps": 500}


def inputs(rng, *, n=32, vocabulary=27):
    """`n` pairs of a character and the one that follows it, and the weights of the layer."""
    return {
        "X": rng.integers(0, vocabulary, (n, 1)),
        "Y": rng.integers(0, vocabulary, n),
        "W": rng.normal(size=(vocabulary, vocabulary)),
    }


def forward(X, Y, W):
    n = X.shape[0]
    onehot = np.eye(W.shape[0], dtype=W.dtype)[X[:, 0]]  # (n, vocabulary)
    logits = onehot @ W
    counts = np.exp(logits)
    counts_sum = counts.sum(axis=1, keepdims=True)
    probs = counts / counts_sum
    right = probs[np.arange(n), Y]
    loss = -np.log(right).mean()
    return loss


def backward(Y, onehot, probs):
    n = Y.shape[0]

    # Softmax and cross-entropy: what the model said, less what was right.
    dlogits = probs.copy()
    dlogits[np.arange(n), Y] -= 1
    dlogits /= n

    # A one-hot row sends the gradient of its logits to one row of W; where a character occurs
    # several times, its rows add up in the product.
    dW = onehot.T @ dlogits
