"""Group norm: statistics are outputs that aren't differentiable; backward goes sample by sample."""

import torch
from torch import Tensor


class GroupNorm(torch.autograd.Function):
    @staticmethod
    def forward(
        x: Tensor, weight: Tensor, bias: Tensor, groups: int, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        n, channels = x.shape[:2]
        grouped = x.reshape(n, groups, -1)
        mean = grouped.mean(-1)
        var = (grouped - mean[..., None]).pow(2).mean(-1)
        rstd = torch.rsqrt(var + eps)
        xhat = ((grouped - mean[..., None]) * rstd[..., None]).reshape(n, channels, -1)
        y = xhat * weight[:, None] + bias[:, None]
        return y.reshape(x.shape), mean, rstd

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight, _, groups, _ = inputs
        _, mean, rstd = output
        ctx.mark_non_differentiable(mean, rstd)
        ctx.save_for_backward(x, weight, mean, rstd)
        ctx.groups = groups

    @staticmethod
    def backward(ctx, grad_y, _grad_mean, _grad_rstd):
        x, weight, mean, rstd = ctx.saved_tensors
        n, channels = x.shape[:2]
        groups = ctx.groups
        grad_x = torch.empty(n, groups, x[0].numel() // groups, dtype=x.dtype, device=x.device)
        grad_weight = torch.zeros_like(weight)
        grad_bias = torch.zeros_like(weight)
        for i in range(n):
            xhat = (x[i].reshape(groups, -1) - mean[i, :, None]) * rstd[i, :, None]
            dy = grad_y[i].reshape(channels, -1)
            grad_weight += (dy * xhat.reshape(channels, -1)).sum(1)
            grad_bias += dy.sum(1)
            dxhat = (dy * weight[:, None]).reshape(groups, -1)
            c1 = (dxhat * xhat).mean(1, keepdim=True)
            c2 = dxhat.mean(1, keepdim=True)
            grad_x[i] = rstd[i, :, None] * (dxhat - c2 - xhat * c1)
        return grad_x.reshape(x.shape), grad_weight, grad_bias, None, None


def inputs(rng, *, batch=2, per_group=3, time=4):
    channels = 2 * per_group
    return {
        "x": torch.from_numpy(rng.normal(size=(batch, channels, time))),
        "weight": torch.from_numpy(rng.normal(size=channels) + 1),
        "bias": torch.from_numpy(rng.normal(size=channels)),
        "groups": 2,
        "eps": 1e-5,
    }


def reference(x, weight, bias, groups, eps):
    grouped = x.reshape(x.shape[0], groups, -1)
    mean = grouped.mean(-1)
    rstd = 1 / torch.sqrt(grouped.var(-1, unbiased=False) + eps)
    xhat = ((grouped - mean[..., None]) * rstd[..., None]).reshape(x.shape)
    return xhat * weight[:, None] + bias[:, None], mean, rstd
