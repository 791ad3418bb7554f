"""Two linear layers and GELU in one: what GELU read comes out, so that backward has it."""

import math

import torch
from torch import Tensor


class DenseGeluDense(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
        pre = x @ w1.T + b1
        hidden = 0.5 * pre * (1 + torch.erf(pre / math.sqrt(2)))
        return hidden @ w2.T + b2, pre

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, w1, _, w2, _ = inputs
        _, pre = output
        ctx.mark_non_differentiable(pre)
        ctx.save_for_backward(x, w1, w2, pre)

    @staticmethod
    def backward(ctx, grad_out, _grad_pre):
        x, w1, w2, pre = ctx.saved_tensors
        rows = x.reshape(-1, x.shape[-1])
        dout = grad_out.reshape(-1, grad_out.shape[-1])
        flat = pre.reshape(-1, pre.shape[-1])
        cdf = 0.5 * (1 + torch.erf(flat / math.sqrt(2)))
        grad_w2 = dout.T @ (flat * cdf)
        grad_b2 = dout.sum(0)
        dhidden = dout @ w2
        pdf = torch.exp(-0.5 * flat * flat) / math.sqrt(2 * math.pi)
        dpre = dhidden * (cdf + flat * pdf)
        grad_w1 = dpre.T @ rows
        grad_b1 = dpre.sum(0)
        grad_x = (dpre @ w1).reshape(x.shape)
        return grad_x, grad_w1, grad_b1, grad_w2, grad_b2


def inputs(rng, *, batch=2, time=3, features=4, hidden=5, outputs=2):
    return {
        "x": torch.from_numpy(rng.normal(size=(batch, time, features))),
        "w1": torch.from_numpy(rng.normal(size=(hidden, features))),
        "b1": torch.from_numpy(rng.normal(size=hidden)),
        "w2": torch.from_numpy(rng.normal(size=(outputs, hidden))),
        "b2": torch.from_numpy(rng.normal(size=outputs)),
    }


def reference(x, w1, b1, w2, b2):
    linear = torch.nn.functional.linear
    pre = linear(x, w1, b1)
    return linear(torch.nn.functional.gelu(pre), w2, b2), pre
