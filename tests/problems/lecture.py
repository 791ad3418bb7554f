"""The lecture's MLP, its backward in small steps: the good code of the mistakes' pages."""

import numpy as np


def inputs(rng, *, n=16, hidden=12, vocabulary=9, embedding=4, block=3):
    fan_in = block * embedding
    return {
        "X": rng.integers(0, vocabulary, (n, block)),
        "Y": rng.integers(0, vocabulary, n),
        "C": rng.normal(size=(vocabulary, embedding)),
        "W1": rng.normal(size=(fan_in, hidden)) / np.sqrt(fan_in),
        "b1": rng.normal(size=hidden) * 0.1,
        "W2": rng.normal(size=(hidden, vocabulary)) * 0.3,
        "b2": rng.normal(size=vocabulary) * 0.1,
        "bngain": rng.normal(size=(1, hidden)) * 0.1 + 1,
        "bnbias": rng.normal(size=(1, hidden)) * 0.1,
    }


def forward(X, Y, C, W1, b1, W2, b2, bngain, bnbias):
    n = X.shape[0]
    emb = C[X]
    embcat = emb.reshape(n, -1)
    hprebn = embcat @ W1 + b1
    bnmeani = hprebn.sum(0, keepdims=True) / n
    bndiff = hprebn - bnmeani
    bndiff2 = bndiff**2
    bnvar = bndiff2.sum(0, keepdims=True) / (n - 1)
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    bnraw = bndiff * bnvar_inv
    hpreact = bngain * bnraw + bnbias
    h = np.tanh(hpreact)
    logits = h @ W2 + b2
    logit_maxes = logits.max(1, keepdims=True)
    norm_logits = logits - logit_maxes
    counts = np.exp(norm_logits)
    counts_sum = counts.sum(1, keepdims=True)
    counts_sum_inv = counts_sum**-1
    probs = counts * counts_sum_inv
    logprobs = np.log(probs)
    loss = -logprobs[np.arange(n), Y].mean()
    return loss


def backward(
    X, Y, C, W1, W2, bngain, n, emb, embcat, hprebn, bndiff, bnvar, bnvar_inv, bnraw, h,
    logits, logit_maxes, counts, counts_sum_inv, probs, logprobs,
):  # fmt: skip
    dlogprobs = np.zeros_like(logprobs)
    dlogprobs[np.arange(n), Y] = -1 / n
    dprobs = dlogprobs / probs
    dcounts_sum_inv = (counts * dprobs).sum(1, keepdims=True)
    dcounts_sum = -dcounts_sum_inv * counts_sum_inv**2
    dcounts = counts_sum_inv * dprobs
    dcounts += dcounts_sum
    dnorm_logits = counts * dcounts
    dlogit_maxes = -dnorm_logits.sum(1, keepdims=True)
    dlogits = dnorm_logits.copy()
    dlogits += (logits == logit_maxes) * dlogit_maxes
    dh = dlogits @ W2.T
    dW2 = h.T @ dlogits
    db2 = dlogits.sum(axis=0)
    dhpreact = (1 - h**2) * dh
    dbngain = (bnraw * dhpreact).sum(0, keepdims=True)
    dbnbias = dhpreact.sum(0, keepdims=True)
    dbnraw = bngain * dhpreact
    dbndiff = bnvar_inv * dbnraw
    dbnvar_inv = (bndiff * dbnraw).sum(0, keepdims=True)
    dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
    dbndiff2 = np.ones_like(bndiff) * dbnvar / (n - 1)
    dbndiff += 2 * bndiff * dbndiff2
    dbnmeani = -dbndiff.sum(0, keepdims=True)
    dhprebn = dbndiff.copy()
    dhprebn += dbnmeani / n
    dembcat = dhprebn @ W1.T
    dW1 = embcat.T @ dhprebn
    db1 = dhprebn.sum(0)
    demb = dembcat.reshape(emb.shape)
    dC = np.zeros_like(C)
    np.add.at(dC, X, demb)
