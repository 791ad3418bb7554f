"""A forward that changes its tensors in place, as PyTorch lets it (correct)."""

import torch


def inputs(rng, *, n=4, d=3):
    return {"x": torch.from_numpy(rng.normal(size=(n, d))), "w": torch.from_numpy(rng.normal(size=d))}


def forward(x, w):
    y = x * w
    y.relu_()
    y.mul_(2.0).add_(1)
    loss = (y * y).sum()
    return loss


def backward(x, w, y):
    dy = 2 * y
    da = dy * 2
    da[y <= 1] = 0
    dx = da * w
    dw = (da * x).sum(0)
