"""Rotary embedding of queries and keys: two outputs with gradients, and none of the angles."""

import torch
from torch import Tensor


class Rotary(torch.autograd.Function):
    @staticmethod
    def forward(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
        q1, q2 = q.chunk(2, -1)
        k1, k2 = k.chunk(2, -1)
        q_out = torch.cat([q1 * cos - q2 * sin, q2 * cos + q1 * sin], -1)
        k_out = torch.cat([k1 * cos - k2 * sin, k2 * cos + k1 * sin], -1)
        return q_out, k_out

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, _, cos, sin = inputs
        ctx.save_for_backward(cos, sin)

    @staticmethod
    def backward(ctx, dq_out, dk_out):
        cos, sin = ctx.saved_tensors
        a, b = dq_out.chunk(2, -1)
        dq = torch.cat([a * cos + b * sin, b * cos - a * sin], -1)
        a, b = dk_out.chunk(2, -1)
        dk = torch.cat([a * cos + b * sin, b * cos - a * sin], -1)
        return dq, dk, None, None


def inputs(rng, *, batch=2, heads=3, time=4, half=2):
    angles = rng.normal(size=(time, half))
    return {
        "q": torch.from_numpy(rng.normal(size=(batch, heads, time, 2 * half))),
        "k": torch.from_numpy(rng.normal(size=(batch, 1, time, 2 * half))),
        "cos": torch.from_numpy(angles).cos(),
        "sin": torch.from_numpy(angles).sin(),
    }


def reference(q, k, cos, sin):
    def turned(x):
        half = x.shape[-1] // 2
        other = torch.cat([-x[..., half:], x[..., :half]], -1)
        return x * torch.cat([cos, cos], -1) + other * torch.cat([sin, sin], -1)

    return turned(q), turned(k)
