"""Causal attention in blocks of queries and keys; backward needs the output, lse and delta."""

import math

import torch


class FlashAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v, block):
        time = q.shape[-2]
        scale = 1 / math.sqrt(q.shape[-1])
        out = torch.zeros(*q.shape[:-1], v.shape[-1], dtype=q.dtype, device=q.device)
        lse = torch.empty(q.shape[:-1], dtype=q.dtype, device=q.device)
        place = torch.arange(time, device=q.device)
        for i in range(0, time, block):
            qi = q[..., i : i + block, :]
            rows = place[i : i + block]
            top = torch.full_like(qi[..., :1], -math.inf)
            total = torch.zeros_like(top)
            acc = torch.zeros_like(out[..., i : i + block, :])
            for j in range(0, i + 1, block):
                s = qi @ k[..., j : j + block, :].mT * scale
                s = s.masked_fill(rows[:, None] < place[j : j + block], -math.inf)
                new = torch.maximum(top, s.amax(-1, keepdim=True))
                p = torch.exp(s - new)
                again = torch.exp(top - new)
                total = total * again + p.sum(-1, keepdim=True)
                acc = acc * again + p @ v[..., j : j + block, :]
                top = new
            out[..., i : i + block, :] = acc / total
            lse[..., i : i + block] = (top + torch.log(total))[..., 0]
        ctx.save_for_backward(q, k, v, out, lse)
        ctx.block = block
        return out

    @staticmethod
    def backward(ctx, do):
        q, k, v, out, lse = ctx.saved_tensors
        block, scale = ctx.block, 1 / math.sqrt(q.shape[-1])
        time = q.shape[-2]
        place = torch.arange(time, device=q.device)
        dq, dk, dv = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
        delta = (do * out).sum(-1, keepdim=True)
        for j in range(0, time, block):
            cols = slice(j, j + block)
            kj, vj = k[..., cols, :], v[..., cols, :]
            for i in range(j, time, block):
                rows = slice(i, i + block)
                qi, doi = q[..., rows, :], do[..., rows, :]
                s = qi @ kj.mT * scale
                s = s.masked_fill(place[rows, None] < place[cols], -math.inf)
                p = torch.exp(s - lse[..., rows, None])
                dv[..., cols, :] += p.mT @ doi
                dp = doi @ vj.mT
                ds = p * (dp - delta[..., rows, :])
                dq[..., rows, :] += scale * ds @ kj
                dk[..., cols, :] += scale * ds.mT @ qi
        return dq, dk, dv, None


def inputs(rng, *, batch=2, heads=2, time=5, width=3, values=4):
    return {
        "q": torch.from_numpy(rng.normal(size=(batch, heads, time, width))),
        "k": torch.from_numpy(rng.normal(size=(batch, heads, time, width))),
        "v": torch.from_numpy(rng.normal(size=(batch, heads, time, values))),
        "block": 2,
    }


def reference(q, k, v, block):
    time = q.shape[-2]
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    later = torch.ones(time, time, device=q.device).triu(1).bool()
    return torch.softmax(scores.masked_fill(later, -math.inf), -1) @ v
