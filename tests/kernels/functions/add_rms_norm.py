"""The residual is added and normed: both the norm and the sum come out, and have gradients."""

import torch
from torch import Tensor


class AddRMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(
        x: Tensor, residual: Tensor, weight: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        total = x + residual
        rstd = torch.rsqrt(total.pow(2).mean(-1, keepdim=True) + eps)
        return total * rstd * weight, total, rstd

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, total, rstd = output
        ctx.mark_non_differentiable(rstd)
        ctx.save_for_backward(total, inputs[2], rstd)

    @staticmethod
    def backward(ctx, dy, dtotal_out, _drstd):
        total, weight, rstd = ctx.saved_tensors
        width = total.shape[-1]
        xhat = total * rstd
        dxhat = dy * weight
        dtotal = rstd * dxhat - xhat * rstd * (dxhat * xhat).sum(-1, keepdim=True) / width
        dtotal += dtotal_out
        dweight = (dy * xhat).reshape(-1, width).sum(0)
        return dtotal, dtotal, dweight, None


def inputs(rng, *, batch=2, time=3, width=5):
    return {
        "x": torch.from_numpy(rng.normal(size=(batch, time, width))),
        "residual": torch.from_numpy(rng.normal(size=(batch, time, width))),
        "weight": torch.from_numpy(rng.normal(size=width) + 1),
        "eps": 1e-6,
    }


def reference(x, residual, weight, eps):
    total = x + residual
    rstd = 1 / torch.sqrt((total**2).mean(-1, keepdim=True) + eps)
    return total * rstd * weight, total, rstd
