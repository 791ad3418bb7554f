"""A bag of words that reads from the left: each place sees the mean of all that came so far.

A word goes in, a character in every place, and each place is to say the character that follows.
What it knows is the mean of the vectors up to and including its own, in whatever order they came;
a place's own vector and a small net with tanh are added to it. The mean is a product with a
triangle of equal weights in each row. Attention, as in `transformer`, is this with weights that are
learned.

The model is that of Andrej Karpathy's script makemore.py (github.com/karpathy/makemore, 2022); the
mean of embeddings as a context goes back to Mikolov et al., arXiv:1301.3781.
"""

import numpy as np

from byhand.zoo.layers import linear_backward, softmax, words

# The sizes and the optimiser of the script: 12,827 parameters.
training = {"n": 32, "block": 16, "hidden": 64, "embedding": 64}
schedule = {"optimiser": "adamw", "rate": 5e-4, "falls": 1, "steps": 20_000}


def inputs(rng, *, n=8, block=5, hidden=12, embedding=10, vocabulary=27):
    """`n` words in up to `block` places, and parameters at their initial scale."""
    X, Y = words(rng, n, block, vocabulary)

    def uniform(fan_in, *shape):
        return rng.uniform(-1, 1, shape) / np.sqrt(fan_in)

    return {
        "X": X,  # (n, block): the end marker 0, then the word, then zeros
        "Y": Y,  # (n, block): the character that follows each, and -1 after the word's end
        "C": rng.normal(size=(vocabulary, embedding)),
        "P": rng.normal(size=(block, embedding)),
        "W1": uniform(embedding, embedding, hidden),
        "b1": uniform(embedding, hidden),
        "W2": uniform(hidden, hidden, embedding),
        "b2": uniform(hidden, embedding),
        "W3": uniform(embedding, embedding, vocabulary),
        "b3": uniform(embedding, vocabulary),
    }


def forward(X, Y, C, P, W1, b1, W2, b2, W3, b3):
    n, time = X.shape

    # A vector for each character, and one for its place in the word.
    emb = C[X]  # (n, time, embedding)
    x = emb + P[:time]

    # Row t of the triangle has 1 / (t + 1) in the columns up to t: the mean of the first t + 1.
    triangle = np.tril(np.ones((time, time), x.dtype))
    average = triangle / triangle.sum(axis=1, keepdims=True)
    bag = x + average @ x

    h = np.tanh(bag @ W1 + b1)  # (n, time, hidden)
    mixed = bag + h @ W2 + b2

    logits = mixed @ W3 + b3  # (n, time, vocabulary)
    probs = softmax(logits)

    # The mean over all places where there is something to say: Y is -1 after the end of a word.
    rows, columns = np.arange(n)[:, None], np.arange(time)
    right = probs[rows, columns, Y]
    counted = (Y >= 0).astype(probs.dtype)
    loss = -(np.log(right) * counted).sum() / counted.sum()
    return loss


def backward(X, C, P, average, bag, W1, h, W2, mixed, W3, probs, rows, columns, Y, counted):
    # Softmax and cross-entropy: what the model said, less what was right, where that counts.
    dlogits = probs.copy()
    dlogits[rows, columns, Y] -= 1
    dlogits *= (counted / counted.sum())[..., None]

    dmixed, dW3, db3 = linear_backward(dlogits, mixed, W3)

    # bag is used twice: added as it is, and through the small net.
    dh, dW2, db2 = linear_backward(dmixed, h, W2)
    through_net, dW1, db1 = linear_backward((1 - h**2) * dh, bag, W1)
    dbag = dmixed + through_net

    # x too: as it is, and in the mean of its own place and of every later one. These weights
    # stand in a column of the triangle, so the product is with its transpose.
    dx = dbag + average.T @ dbag

    dP = np.zeros_like(P)
    dP[: X.shape[1]] = dx.sum(axis=0)
    demb = dx
    # A character that occurs many times collects from every place where it stands.
    dC = np.zeros_like(C)
    np.add.at(dC, X, demb)
