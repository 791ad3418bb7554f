"""The gate of a mixture: a softmax over the largest k logits; which they are comes out as well."""

import torch
from torch import Tensor


class TopKGate(torch.autograd.Function):
    @staticmethod
    def forward(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
        top, index = logits.topk(k, -1)
        return torch.softmax(top, -1), index

    @staticmethod
    def setup_context(ctx, inputs, output):
        logits, _ = inputs
        gate, index = output
        ctx.mark_non_differentiable(index)
        ctx.save_for_backward(gate, index)
        ctx.experts = logits.shape[-1]

    @staticmethod
    def backward(ctx, grad_gate, _grad_index):
        gate, index = ctx.saved_tensors
        along = (grad_gate * gate).sum(-1, keepdim=True)
        dtop = gate * (grad_gate - along)
        dlogits = gate.new_zeros(*gate.shape[:-1], ctx.experts)
        dlogits.scatter_(-1, index, dtop)
        return dlogits, None


def inputs(rng, *, tokens=4, experts=5):
    return {"logits": torch.from_numpy(rng.normal(size=(tokens, experts))), "k": 2}


def reference(logits, k):
    top, index = logits.topk(k, -1)
    shifted = torch.exp(top - top.amax(-1, keepdim=True))
    return shifted / shifted.sum(-1, keepdim=True), index
