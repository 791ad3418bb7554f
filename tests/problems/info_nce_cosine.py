"""InfoNCE with cosine similarities, as SimCLR and CLIP have it, in PyTorch.

Closed form: softmax less the identity; then what points along each vector is taken out. Chen,
Kornblith, Norouzi and Hinton, SimCLR (2020), table 2; Wang, Xiang, Cheng and Yuille, "NormFace"
(2017), section 3.
"""

import torch
import torch.nn.functional as F


def inputs(rng, *, n=7, width=4):
    return {
        "a": torch.from_numpy(rng.normal(size=(n, width))),
        "b": torch.from_numpy(rng.normal(size=(n, width))),
    }


def forward(a, b):
    tau = 0.7
    n = a.shape[0]
    a_length = (a**2).sum(1, keepdim=True).sqrt()
    b_length = (b**2).sum(1, keepdim=True).sqrt()
    a_unit = a / a_length
    b_unit = b / b_length
    cosines = a_unit @ b_unit.T
    scores = cosines / tau
    logprobs = F.log_softmax(scores, 1)
    loss = -torch.diagonal(logprobs).mean()
    return loss


def backward(tau, a_length, b_length, a_unit, b_unit, logprobs):
    n = a_unit.shape[0]
    dcosines = torch.exp(logprobs) / (n * tau)
    dcosines[range(n), range(n)] -= 1 / (n * tau)
    da_unit = dcosines @ b_unit
    db_unit = dcosines.T @ a_unit
    da = (da_unit - a_unit * (a_unit * da_unit).sum(1, keepdim=True)) / a_length
    db = (db_unit - b_unit * (b_unit * db_unit).sum(1, keepdim=True)) / b_length
