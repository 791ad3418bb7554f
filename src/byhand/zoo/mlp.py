"""A character-level MLP with batch norm; its backward by hand, one statement for each of 26 names.

Three characters go in, through an embedding, a hidden layer, batch norm, tanh and an output layer;
scores for the next character come out, and the loss is their mean cross-entropy in nats.

The model and the exercise are Andrej Karpathy's: "Building makemore Part 4: becoming a backprop
ninja" (Neural Networks: Zero to Hero, 2022), after Bengio et al., "A Neural Probabilistic Language
Model" (JMLR 2003) and Ioffe & Szegedy, "Batch Normalization" (arXiv:1502.03167).
"""

import numpy as np

statistics = ("bnmeani", "bnvar")  # evaluation takes these from the whole training set
training = {"hidden": 200}  # the lecture's size, for `byhand train mlp`: 12,297 parameters


def inputs(rng, *, n=32, hidden=64, vocabulary=27, embedding=10, block=3):
    """A batch of `n` contexts, `block` characters each, and parameters at their initial scale.

    Nothing starts at exactly zero or one: behind such values a wrong gradient could hide.
    """
    fan_in = block * embedding
    return {
        "X": rng.integers(0, vocabulary, (n, block)),  # contexts
        "Y": rng.integers(0, vocabulary, n),  # the character that follows each of them
        "C": rng.normal(size=(vocabulary, embedding)),
        "W1": rng.normal(size=(fan_in, hidden)) * (5 / 3) / np.sqrt(fan_in),  # 5/3: tanh's gain
        "b1": rng.normal(size=hidden) * 0.1,
        "W2": rng.normal(size=(hidden, vocabulary)) * 0.1,
        "b2": rng.normal(size=vocabulary) * 0.1,
        "bngain": rng.normal(size=(1, hidden)) * 0.1 + 1.0,
        "bnbias": rng.normal(size=(1, hidden)) * 0.1,
    }


def forward(X, Y, C, W1, b1, W2, b2, bngain, bnbias):
    n = X.shape[0]

    # Embedding: a row of C for each character, the rows of a context side by side.
    emb = C[X]  # (n, block, embedding)
    embcat = emb.reshape(n, -1)  # (n, block * embedding)

    # Hidden layer, before the batch norm.
    hprebn = embcat @ W1 + b1  # (n, hidden)

    # Batch norm: every column gets mean 0 and variance 1, then its own gain and bias.
    bnmeani = hprebn.sum(axis=0, keepdims=True) / n  # (1, hidden)
    bndiff = hprebn - bnmeani
    bndiff2 = bndiff**2
    bnvar = bndiff2.sum(axis=0, keepdims=True) / (n - 1)  # n - 1 is Bessel's correction
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    bnraw = bndiff * bnvar_inv
    hpreact = bngain * bnraw + bnbias

    h = np.tanh(hpreact)

    # Output layer.
    logits = h @ W2 + b2  # (n, vocabulary)

    # Cross-entropy. Without the row's maximum nothing overflows in exp, and no probability changes.
    logit_maxes = logits.max(axis=1, keepdims=True)  # (n, 1)
    norm_logits = logits - logit_maxes
    counts = np.exp(norm_logits)
    counts_sum = counts.sum(axis=1, keepdims=True)
    counts_sum_inv = counts_sum**-1
    probs = counts * counts_sum_inv
    logprobs = np.log(probs)
    loss = -logprobs[np.arange(n), Y].mean()
    return loss


def backward(
    X, Y, C, emb, embcat, W1, bndiff, bnvar_inv, bnraw, bngain, h, W2,
    logits, norm_logits, counts, counts_sum_inv, probs,
):  # fmt: skip
    n = X.shape[0]
    rows = np.arange(n)

    # The loss is minus the mean of one element in each row; the others don't matter to it.
    dlogprobs = np.zeros_like(probs)
    dlogprobs[rows, Y] = -1 / n

    dprobs = dlogprobs / probs

    # A column that was broadcast over a row gets the sum of what comes back along that row.
    dcounts_sum_inv = (dprobs * counts).sum(axis=1, keepdims=True)
    dcounts_sum = -dcounts_sum_inv * counts_sum_inv**2

    # counts is used twice: in probs itself, and in the sum that normalises them. Two paths add up.
    dcounts = dprobs * counts_sum_inv + dcounts_sum

    dnorm_logits = dcounts * counts  # exp is its own derivative

    # Shifting a row of logits leaves the loss as it is, so this is zero but for rounding.
    dlogit_maxes = -dnorm_logits.sum(axis=1, keepdims=True)

    # Two paths again; the second reaches only the element that was the maximum.
    dlogits = dnorm_logits.copy()
    dlogits[rows, logits.argmax(axis=1)] += dlogit_maxes[:, 0]

    # Output layer: the shapes leave only one way to multiply; b2 was added to every row.
    dh = dlogits @ W2.T
    dW2 = h.T @ dlogits
    db2 = dlogits.sum(axis=0)

    dhpreact = (1 - h**2) * dh  # tanh' = 1 - tanh^2

    # Batch norm: gain and bias were broadcast over the rows, so sum over the rows.
    dbngain = (dhpreact * bnraw).sum(axis=0, keepdims=True)
    dbnbias = dhpreact.sum(axis=0, keepdims=True)
    dbnraw = dhpreact * bngain

    dbnvar_inv = (dbnraw * bndiff).sum(axis=0, keepdims=True)
    dbnvar = -0.5 * bnvar_inv**3 * dbnvar_inv  # v^-1/2 has the derivative -1/2 v^-3/2
    dbndiff2 = np.ones_like(bndiff) * dbnvar / (n - 1)  # a sum hands its gradient to every term

    # bndiff is used twice: in bnraw, and squared for the variance.
    dbndiff = dbnraw * bnvar_inv + dbndiff2 * 2 * bndiff

    # So is hprebn: in bndiff, and in the mean. (This one is zero but for rounding too, as the
    # differences from a mean sum to zero; that also makes db1 vanish: bnbias does b1's work.)
    dbnmeani = -dbndiff.sum(axis=0, keepdims=True)
    dhprebn = dbndiff + dbnmeani / n

    # Hidden layer.
    dembcat = dhprebn @ W1.T
    dW1 = embcat.T @ dhprebn
    db1 = dhprebn.sum(axis=0)

    # Embedding: a character that occurs many times collects from every place where it stands.
    # (`dC[X] += demb` would keep only the last of them.)
    demb = dembcat.reshape(emb.shape)
    dC = np.zeros_like(C)
    np.add.at(dC, X, demb)
