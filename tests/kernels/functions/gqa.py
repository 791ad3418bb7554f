"""Attention in which several heads of queries share one of keys and values."""

import torch
from torch import Tensor


class GroupedQueryAttention(torch.autograd.Function):
    @staticmethod
    def forward(q: Tensor, k: Tensor, v: Tensor, scale: float) -> tuple[Tensor, Tensor]:
        batch, heads, time, width = q.shape
        grouped = q.reshape(batch, k.shape[1], -1, time, width)
        scores = scale * grouped @ k[:, :, None].mT
        lse = torch.logsumexp(scores, -1)
        out = torch.exp(scores - lse[..., None]) @ v[:, :, None]
        return out.reshape(batch, heads, time, v.shape[-1]), lse

    @staticmethod
    def setup_context(ctx, inputs, output):
        q, k, v, ctx.scale = inputs
        out, lse = output
        ctx.mark_non_differentiable(lse)
        ctx.save_for_backward(q, k, v, out, lse)

    @staticmethod
    def backward(ctx, grad_out, _grad_lse):
        q, k, v, out, lse = ctx.saved_tensors
        batch, _, time, width = q.shape
        shared = k.shape[1]
        grouped = q.reshape(batch, shared, -1, time, width)
        do = grad_out.reshape(batch, shared, -1, time, v.shape[-1])
        probs = torch.exp(ctx.scale * grouped @ k[:, :, None].mT - lse[..., None])
        delta = (grad_out * out).sum(-1).reshape(batch, shared, -1, time, 1)
        grad_v = (probs.mT @ do).sum(2)
        dscores = probs * (do @ v[:, :, None].mT - delta) * ctx.scale
        grad_q = (dscores @ k[:, :, None]).reshape(q.shape)
        grad_k = (dscores.mT @ grouped).sum(2)
        return grad_q, grad_k, grad_v, None


def inputs(rng, *, batch=2, shared=2, queries=3, keys=4, width=3, values=2):
    return {
        "q": torch.from_numpy(rng.normal(size=(batch, 2 * shared, queries, width))),
        "k": torch.from_numpy(rng.normal(size=(batch, shared, keys, width))),
        "v": torch.from_numpy(rng.normal(size=(batch, shared, keys, values))),
        "scale": 0.6,
    }


def reference(q, k, v, scale):
    repeats = q.shape[1] // k.shape[1]
    keys, values = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
    scores = scale * q @ keys.mT
    lse = torch.logsumexp(scores, -1)
    out = torch.softmax(scores, -1) @ values
    return out, lse.reshape(q.shape[0], k.shape[1], repeats, q.shape[2])
