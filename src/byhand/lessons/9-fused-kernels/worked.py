"""Cross-entropy of one row, from its logsumexp."""

import torch


def inputs(rng, *, classes=3):
    y = torch.from_numpy(rng.integers(0, classes, 1))
    return {"logits": torch.from_numpy(rng.normal(size=classes)), "y": y}


def forward(logits, y):
    lse = torch.logsumexp(logits, 0)
    loss = lse - logits[y].sum()
    return loss


def backward(logits, y, lse):
    dlogits = torch.exp(logits - lse)
    dlogits[y] -= 1
