"""Cross-entropy with any weights for labels, which need not add up to 1, in PyTorch.

Closed form: PyTorch's `_log_softmax_backward_data`, grad - softmax * sum(grad), for grad = -t / n.
"""

import torch

data = ("t",)


def inputs(rng, *, n=7, classes=5):
    return {
        "logits": torch.from_numpy(rng.normal(size=(n, classes))),
        "t": torch.from_numpy(rng.random((n, classes))),
    }


def forward(logits, t):
    n = logits.shape[0]
    maxes = logits.max(1, keepdim=True).values
    shifted = logits - maxes
    lse = torch.exp(shifted).sum(1, keepdim=True).log()
    logprobs = shifted - lse
    losses = -(t * logprobs).sum(1)
    loss = losses.sum() / n
    return loss


def backward(t, logprobs):
    n = t.shape[0]
    dlogits = (torch.exp(logprobs) * t.sum(1, keepdim=True) - t) / n
