"""One less the cosine similarity of pairs, in PyTorch.

Closed form: of the other unit vector the part that is orthogonal to this one, over this one's
length. Wang, Xiang, Cheng and Yuille, "NormFace" (2017), section 3, for the gradient of a unit
vector.
"""

import torch


def inputs(rng, *, n=7, width=4):
    return {
        "a": torch.from_numpy(rng.normal(size=(n, width))),
        "b": torch.from_numpy(rng.normal(size=(n, width))),
    }


def forward(a, b):
    n = a.shape[0]
    a_length = torch.sqrt((a * a).sum(1, keepdim=True))
    b_length = torch.sqrt((b * b).sum(1, keepdim=True))
    a_unit = a / a_length
    b_unit = b / b_length
    cosine = (a_unit * b_unit).sum(1, keepdim=True)
    losses = 1 - cosine
    loss = losses.sum() / n
    return loss


def backward(a_length, b_length, a_unit, b_unit, cosine):
    n = a_unit.shape[0]
    da = (cosine * a_unit - b_unit) / (n * a_length)
    db = (cosine * b_unit - a_unit) / (n * b_length)
