"""Right custom ops: none may be an alarm."""

import torch
from right_functions import R, Right
from torch.library import custom_op

OPS: list[Right] = []


@custom_op("byhand_right::mul", mutates_args=())
def mul(x: torch.Tensor, w: torch.Tensor, s: float) -> torch.Tensor:
    return x * w * s


def mul_setup(ctx, inputs, output):
    x, w, s = inputs
    ctx.save_for_backward(x, w)
    ctx.s = s


def mul_backward(ctx, g):
    x, w = ctx.saved_tensors
    return g * w * ctx.s, (g * x).sum(0) * ctx.s, None


mul.register_autograd(mul_backward, setup_context=mul_setup)
OPS.append(Right(mul, (R(3, 4), R(4), 0.5), {}))


@custom_op("byhand_right::two", mutates_args=())
def two(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.sin(x), torch.cos(x)


def two_setup(ctx, inputs, output):
    ctx.save_for_backward(*output)


def two_backward(ctx, gs, gc):
    s, c = ctx.saved_tensors
    return gs * c - gc * s


two.register_autograd(two_backward, setup_context=two_setup)
OPS.append(Right(two, (R(3, 4),), {}))
