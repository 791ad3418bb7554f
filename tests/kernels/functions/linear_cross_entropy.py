"""A linear layer and cross-entropy in one: the logits exist for one chunk of rows at a time."""

import torch


class LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, target, ignore_index, chunk):
        lse = torch.empty(x.shape[0], dtype=x.dtype, device=x.device)
        kept = target != ignore_index
        count = kept.sum()
        loss = torch.zeros((), dtype=x.dtype, device=x.device)
        for start in range(0, x.shape[0], chunk):
            rows = slice(start, start + chunk)
            logits = x[rows] @ weight.T
            lse[rows] = torch.logsumexp(logits, 1)
            picked = logits.gather(1, target[rows].clamp(min=0)[:, None])[:, 0]
            loss += ((lse[rows] - picked) * kept[rows]).sum()
        ctx.save_for_backward(x, weight, target, lse)
        ctx.ignore_index, ctx.chunk = ignore_index, chunk
        return loss / count

    @staticmethod
    def backward(ctx, grad_loss):
        x, weight, target, lse = ctx.saved_tensors
        kept = target != ctx.ignore_index
        scale = grad_loss / kept.sum()
        dx = torch.empty_like(x)
        dweight = torch.zeros_like(weight)
        for start in range(0, x.shape[0], ctx.chunk):
            rows = slice(start, start + ctx.chunk)
            dlogits = torch.exp(x[rows] @ weight.T - lse[rows, None])
            ones = torch.ones_like(dlogits[:, :1])
            dlogits.scatter_add_(1, target[rows].clamp(min=0)[:, None], -ones)
            dlogits *= (kept[rows] * scale)[:, None]
            dx[rows] = dlogits @ weight
            dweight += dlogits.T @ x[rows]
        return dx, dweight, None, None, None


def inputs(rng, *, rows=5, width=4, words=6):
    target = torch.from_numpy(rng.integers(0, words, rows))
    target[1] = -100
    return {
        "x": torch.from_numpy(rng.normal(size=(rows, width))),
        "weight": torch.from_numpy(rng.normal(size=(words, width))),
        "target": target,
        "ignore_index": -100,
        "chunk": 2,
    }


def reference(x, weight, target, ignore_index, chunk):
    logits = x @ weight.T
    kept = target != ignore_index
    logprobs = torch.log_softmax(logits, 1)
    picked = logprobs.gather(1, target.clamp(min=0)[:, None])[:, 0]
    return -(picked * kept).sum() / kept.sum()
