"""Cross-entropy of each row with label smoothing and z-loss, which comes out by itself as well."""

import torch
from torch import Tensor


class CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        logits: Tensor, target: Tensor, smoothing: float, z: float, ignore_index: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        lse = torch.logsumexp(logits, -1)
        kept = target != ignore_index
        picked = logits.gather(-1, torch.where(kept, target, 0)[:, None])[:, 0]
        z_loss = z * lse * lse * kept
        nll = lse - (1 - smoothing) * picked - smoothing * logits.mean(-1)
        return nll * kept + z_loss, z_loss, lse

    @staticmethod
    def setup_context(ctx, inputs, output):
        logits, target, ctx.smoothing, ctx.z, ctx.ignore_index = inputs
        _, z_loss, lse = output
        ctx.mark_non_differentiable(z_loss, lse)
        ctx.save_for_backward(logits, target, lse)

    @staticmethod
    def backward(ctx, grad_loss, _grad_z_loss, _grad_lse):
        logits, target, lse = ctx.saved_tensors
        kept = target != ctx.ignore_index
        probs = torch.exp(logits - lse[:, None])
        grad_logits = probs * (1 + 2 * ctx.z * lse[:, None])
        grad_logits -= ctx.smoothing / logits.shape[-1]
        hit = torch.where(kept, target, 0)[:, None]
        sure = torch.full_like(probs[:, :1], 1 - ctx.smoothing)
        grad_logits.scatter_add_(-1, hit, -sure)
        grad_logits *= (grad_loss * kept)[:, None]
        return grad_logits, None, None, None, None


def inputs(rng, *, rows=4, words=6):
    target = torch.from_numpy(rng.integers(0, words, rows))
    target[1] = -100
    return {
        "logits": torch.from_numpy(rng.normal(size=(rows, words))),
        "target": target,
        "smoothing": 0.1,
        "z": 0.02,
        "ignore_index": -100,
    }


def reference(logits, target, smoothing, z, ignore_index):
    kept = target != ignore_index
    logprobs = torch.log_softmax(logits, -1)
    picked = logprobs.gather(-1, torch.where(kept, target, 0)[:, None])[:, 0]
    nll = -(1 - smoothing) * picked - smoothing * logprobs.mean(-1)
    lse = torch.logsumexp(logits, -1)
    z_loss = z * lse**2 * kept
    return nll * kept + z_loss, z_loss, lse
