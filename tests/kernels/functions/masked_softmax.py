"""The softmax of scaled scores under a mask; backward writes over its own buffers."""

import torch
from torch import Tensor


class MaskedSoftmax(torch.autograd.Function):
    @staticmethod
    def forward(scores: Tensor, mask: Tensor, scale: float) -> Tensor:
        return torch.softmax((scores * scale).masked_fill(mask, float("-inf")), -1)

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, _, ctx.scale = inputs
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (probs,) = ctx.saved_tensors
        dscores = grad_output * probs
        total = dscores.sum(-1, keepdim=True)
        dscores.addcmul_(probs, total, value=-1)
        dscores.mul_(ctx.scale)
        return dscores, None, None


def inputs(rng, *, batch=2, heads=2, queries=3, keys=4):
    mask = torch.from_numpy(rng.random((batch, 1, queries, keys)) > 0.6)
    mask[..., 0] = False
    return {
        "scores": torch.from_numpy(rng.normal(size=(batch, heads, queries, keys))),
        "mask": mask,
        "scale": 0.5,
    }


def reference(scores, mask, scale):
    exps = torch.where(mask, 0.0, torch.exp(scale * scores))
    return exps / exps.sum(-1, keepdim=True)
