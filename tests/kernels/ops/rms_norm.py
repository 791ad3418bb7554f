"""RMS norm as a custom op: rstd is a second output, so that backward can be given it."""

import torch
from torch import Tensor


@torch.library.custom_op("byhand_tests::rms_norm", mutates_args=())
def rms_norm(x: Tensor, weight: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    wide = x.reshape(-1, x.shape[-1]).float()
    rstd = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)
    y = (wide * rstd * weight.float()).to(x.dtype)
    return y.reshape(x.shape), rstd


def setup_context(ctx, inputs, output):
    x, weight, _ = inputs
    _, rstd = output
    ctx.mark_non_differentiable(rstd)
    ctx.save_for_backward(x, weight, rstd)


def backward(ctx, grad_output, _grad_rstd):
    x, weight, rstd = ctx.saved_tensors
    rows = x.reshape(-1, x.shape[-1])
    dy = grad_output.reshape(rows.shape).float()
    xhat = rows.float() * rstd
    dxhat = dy * weight.float()
    dx = rstd * (dxhat - xhat * (dxhat * xhat).mean(-1, keepdim=True))
    dweight = (dy * xhat).sum(0)
    return dx.to(x.dtype).reshape(x.shape), dweight.to(weight.dtype), None


rms_norm.register_autograd(backward, setup_context=setup_context)


def reference(x, weight, eps):
    rstd = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
    return x * rstd * weight, rstd.reshape(-1, 1)
