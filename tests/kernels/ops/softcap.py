"""A soft cap of logits as a custom op, which may not return what it was given: so it is a copy."""

import torch
from torch import Tensor


@torch.library.custom_op("byhand_tests::softcap", mutates_args=())
def softcap(logits: Tensor, cap: float) -> Tensor:
    return cap * torch.tanh(logits / cap)


def setup_context(ctx, inputs, output):
    _, ctx.cap = inputs
    ctx.save_for_backward(output)


def backward(ctx, grad_output):
    (capped,) = ctx.saved_tensors
    ratio = capped / ctx.cap
    grad_logits = grad_output * (1 - ratio * ratio)
    return grad_logits, None


softcap.register_autograd(backward, setup_context=setup_context)
