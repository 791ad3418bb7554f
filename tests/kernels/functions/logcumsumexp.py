"""The logarithm of a running sum of exponentials; backward is a running sum from the end."""

import torch
from torch import Tensor


class LogCumSumExp(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor) -> Tensor:
        top = x.amax(-1, keepdim=True)
        return torch.log(torch.exp(x - top).cumsum(-1)) + top

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs, output)

    @staticmethod
    def backward(ctx, grad_output):
        x, out = ctx.saved_tensors
        top = x.amax(-1, keepdim=True)
        shares = grad_output * torch.exp(top - out)
        later = shares.flip(-1).cumsum(-1).flip(-1)
        return torch.exp(x - top) * later


def inputs(rng, *, rows=3, time=5):
    return {"x": torch.from_numpy(rng.normal(size=(rows, time)))}


def reference(x):
    return torch.logcumsumexp(x, -1)
