"""8.4 Queries and keys

Every place asks with its query, and every place answers with its key: the score is
their product, and it is divided by the root of the head's width.

`scores` has a row for each place that asks, and a column for each that is asked.
Which of `dq` and `dk` adds up along the rows, which along the columns?
"""

import numpy as np


def inputs(rng, *, n=2, time=5, others=4, head=3):
    return {"q": rng.normal(size=(n, time, head)), "k": rng.normal(size=(n, others, head))}


def forward(q, k):
    scale = q.shape[-1] ** -0.5
    scores = q @ k.swapaxes(-1, -2) * scale  # (n, time, others)
    return scores


def backward(q, k, scale, dscores):
    # BEGIN SOLUTION
    dq = dscores @ k * scale
    dk = dscores.swapaxes(-1, -2) @ q * scale
    # END SOLUTION
