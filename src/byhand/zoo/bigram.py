"""The bigram model by counting: which character follows which, and how often.

The model is a table with a row for each character: how often each other one was seen after it. Its
row, divided by its sum, is what the model says of the next character; the loss is the mean of minus
the log of what it said of the right one. The table is kept as logs of counts, so that a step down
the gradient can't make a count negative.

There is nothing to train here but to count: the gradient is the difference between the pairs that
the model expects and the pairs that are there, and it vanishes where `logcounts` are the logs of
the data's own counts. To add one to every count first keeps pairs possible that were never seen.

The model is Andrej Karpathy's: "The spelled-out intro to language modeling: building makemore"
(Neural Networks: Zero to Hero, 2022). Relative frequencies as estimates go back to Markov (1913)
and Shannon, "A Mathematical Theory of Communication" (1948).
"""

import numpy as np

# All pairs at once, and large steps: there is one best table, and no noise on the way to it.
schedule = {"batch": "full", "rate": 50, "falls": 1, "steps": 500}


def inputs(rng, *, n=96, vocabulary=27):
    """`n` pairs of a character and the one that follows it, and a table of other pairs."""
    counts = rng.integers(0, 20, (vocabulary, vocabulary)) + 1
    return {
        "X": rng.integers(0, vocabulary, (n, 1)),
        "Y": rng.integers(0, vocabulary, n),
        "logcounts": np.log(counts + 1.0),
    }


def forward(X, Y, logcounts):
    counts = np.exp(logcounts)  # (vocabulary, vocabulary)
    counts_sum = counts.sum(axis=1, keepdims=True)
    probs = counts / counts_sum
    right = probs[X[:, 0], Y]  # (n,)
    loss = -np.log(right).mean()
    return loss


def backward(X, Y, probs):
    n = X.shape[0]

    # How often each pair is in the batch, and each first character.
    pairs = np.zeros_like(probs)
    np.add.at(pairs, (X[:, 0], Y), 1)
    firsts = pairs.sum(axis=1, keepdims=True)

    # Softmax and cross-entropy for a whole row of the table at once: what the model expects after
    # all these first characters, less what followed them.
    dlogcounts = (firsts * probs - pairs) / n
