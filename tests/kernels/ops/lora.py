"""LoRA with dropout as a custom op: the mask is drawn from its seed wherever it is needed."""

import torch
from torch import Tensor


def mask_of(x, p, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(x.shape, generator=generator).to(x.device) >= p


@torch.library.custom_op("byhand_tests::lora", mutates_args=())
def lora(
    x: Tensor, weight: Tensor, down: Tensor, up: Tensor, scaling: float, p: float, seed: int
) -> Tensor:
    dropped = x * mask_of(x, p, seed) / (1 - p)
    return x @ weight.T + scaling * (dropped @ down.T) @ up.T


def setup_context(ctx, inputs, output):
    x, weight, down, up, ctx.scaling, ctx.p, ctx.seed = inputs
    ctx.save_for_backward(x, weight, down, up)


def backward(ctx, grad_output):
    x, weight, down, up = ctx.saved_tensors
    mask = mask_of(x, ctx.p, ctx.seed)
    dropped = x * mask / (1 - ctx.p)
    small = dropped @ down.T
    grad_up = ctx.scaling * grad_output.T @ small
    grad_small = ctx.scaling * grad_output @ up
    grad_down = grad_small.T @ dropped
    grad_x = grad_output @ weight
    grad_x += grad_small @ down * mask / (1 - ctx.p)
    return grad_x, None, grad_down, grad_up, None, None, None


lora.register_autograd(backward, setup_context=setup_context)
