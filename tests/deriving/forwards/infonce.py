"""InfoNCE with a temperature: a contrastive loss over a batch of pairs."""

import numpy as np


def inputs(rng, *, n=6, d=4):
    return {"a": rng.normal(size=(n, d)), "b": rng.normal(size=(n, d)), "tau": np.array(0.5)}


def forward(a, b, tau):
    an = a / np.linalg.norm(a, axis=1, keepdims=True)
    bn = b / np.linalg.norm(b, axis=1, keepdims=True)
    s = an @ bn.T / tau
    lse = np.logaddexp.reduce(s, axis=1)
    loss = (lse - np.diagonal(s)).mean()
    return loss
