"""LoRA with dropout before the small matrices; backward draws the mask again from its seed."""

import torch


def mask_of(x, p, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(x.shape, generator=generator).to(x.device) >= p


class LoRA(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, down, up, scaling, p, seed):
        dropped = x * mask_of(x, p, seed) / (1 - p)
        ctx.save_for_backward(x, weight, down, up)
        ctx.scaling, ctx.p, ctx.seed = scaling, p, seed
        return x @ weight.T + scaling * (dropped @ down.T) @ up.T

    @staticmethod
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


def inputs(rng, *, rows=4, features=5, outputs=3, rank=2):
    return {
        "x": torch.from_numpy(rng.normal(size=(rows, features))),
        "weight": torch.from_numpy(rng.normal(size=(outputs, features))),
        "down": torch.from_numpy(rng.normal(size=(rank, features))),
        "up": torch.from_numpy(rng.normal(size=(outputs, rank))),
        "scaling": 0.5,
        "p": 0.25,
        "seed": 7,
    }


def reference(x, weight, down, up, scaling, p, seed):
    dropped = x * mask_of(x, p, seed) / (1 - p)
    return x @ (weight.detach()).T + scaling * dropped @ (up @ down).T
