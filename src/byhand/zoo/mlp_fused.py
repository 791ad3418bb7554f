"""The model of `mlp`, with the short backward: cross-entropy and batch norm in one line each.

Inputs and forward are those of `mlp`. Where that goes back through every statement, this jumps:
from the loss to `dlogits`, as softmax and cross-entropy cancel down to a difference, and from
`dhpreact` to `dhprebn`, over all statements of the batch norm. The exercise is Andrej Karpathy's:
"Building makemore Part 4: becoming a backprop ninja" (Neural Networks: Zero to Hero, 2022).
"""

import numpy as np

statistics = ("bnmeani", "bnvar")  # evaluation takes these from the whole training set
training = {"hidden": 200}  # the lecture's size, for `byhand train mlp_fused`


def inputs(rng, *, n=32, hidden=64, vocabulary=27, embedding=10, block=3):
    """A batch and parameters, the very same as `mlp` draws."""
    fan_in = block * embedding
    return {
        "X": rng.integers(0, vocabulary, (n, block)),
        "Y": rng.integers(0, vocabulary, n),
        "C": rng.normal(size=(vocabulary, embedding)),
        "W1": rng.normal(size=(fan_in, hidden)) * (5 / 3) / np.sqrt(fan_in),
        "b1": rng.normal(size=hidden) * 0.1,
        "W2": rng.normal(size=(hidden, vocabulary)) * 0.1,
        "b2": rng.normal(size=vocabulary) * 0.1,
        "bngain": rng.normal(size=(1, hidden)) * 0.1 + 1.0,
        "bnbias": rng.normal(size=(1, hidden)) * 0.1,
    }


def forward(X, Y, C, W1, b1, W2, b2, bngain, bnbias):
    n = X.shape[0]
    emb = C[X]
    embcat = emb.reshape(n, -1)
    hprebn = embcat @ W1 + b1
    bnmeani = hprebn.sum(axis=0, keepdims=True) / n
    bndiff = hprebn - bnmeani
    bndiff2 = bndiff**2
    bnvar = bndiff2.sum(axis=0, keepdims=True) / (n - 1)
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    bnraw = bndiff * bnvar_inv
    hpreact = bngain * bnraw + bnbias
    h = np.tanh(hpreact)
    logits = h @ W2 + b2
    logit_maxes = logits.max(axis=1, keepdims=True)
    norm_logits = logits - logit_maxes
    counts = np.exp(norm_logits)
    counts_sum = counts.sum(axis=1, keepdims=True)
    counts_sum_inv = counts_sum**-1
    probs = counts * counts_sum_inv
    logprobs = np.log(probs)
    loss = -logprobs[np.arange(n), Y].mean()
    return loss


def backward(X, Y, C, emb, embcat, W1, bnvar_inv, bnraw, bngain, h, W2, probs):
    n = X.shape[0]

    # Softmax and cross-entropy: what the model said, less what was right. Each row sums to 0, as
    # raising all its logits alike changes nothing.
    onehot = Y[:, None] == np.arange(probs.shape[1])
    dlogits = (probs - onehot) / n

    dh = dlogits @ W2.T
    dW2 = h.T @ dlogits
    db2 = dlogits.sum(axis=0)
    dhpreact = (1 - h**2) * dh
    dbngain = (dhpreact * bnraw).sum(axis=0, keepdims=True)
    dbnbias = dhpreact.sum(axis=0, keepdims=True)

    # Batch norm: the output can't change with the inputs' mean, nor with their scale, so those two
    # directions are taken out of what comes back: its mean, and its share along bnraw. They are
    # dbnbias and dbngain. n - 1, not n, because the variance was divided by n - 1.
    dhprebn = bngain * bnvar_inv * (dhpreact - dbnbias / n - bnraw * dbngain / (n - 1))

    dembcat = dhprebn @ W1.T
    dW1 = embcat.T @ dhprebn
    db1 = dhprebn.sum(axis=0)
    demb = dembcat.reshape(emb.shape)
    dC = np.zeros_like(C)
    np.add.at(dC, X, demb)
