"""Bias, dropout and the residual in one; the mask is given, as another kernel drew it."""

import torch
from torch import Tensor


class BiasDropoutAdd(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, bias: Tensor, residual: Tensor, mask: Tensor, p: float) -> Tensor:
        return residual + (x + bias) * mask / (1 - p)

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, _, _, mask, ctx.p = inputs
        ctx.save_for_backward(mask)

    @staticmethod
    def backward(ctx, grad_output):
        (mask,) = ctx.saved_tensors
        grad_x = grad_bias = grad_residual = None
        if ctx.needs_input_grad[0] or ctx.needs_input_grad[1]:
            grad_x = grad_output * mask / (1 - ctx.p)
        if ctx.needs_input_grad[1]:
            grad_bias = grad_x.sum((0, 1))
        if ctx.needs_input_grad[2]:
            grad_residual = grad_output.clone()
        return grad_x, grad_bias, grad_residual, None, None


def inputs(rng, *, batch=2, time=3, width=4):
    return {
        "x": torch.from_numpy(rng.normal(size=(batch, time, width))),
        "bias": torch.from_numpy(rng.normal(size=width)),
        "residual": torch.from_numpy(rng.normal(size=(batch, time, width))),
        "mask": torch.from_numpy(rng.random((batch, time, width)) > 0.3),
        "p": 0.3,
    }


def reference(x, bias, residual, mask, p):
    return residual + torch.where(mask, x + bias, 0.0) / (1 - p)
