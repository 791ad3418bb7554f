"""A preference loss as a custom op: the gradients that forward computed come out with the loss."""

import torch
from torch import Tensor


@torch.library.custom_op("byhand_tests::preference_loss", mutates_args=())
def preference_loss(
    chosen: Tensor, rejected: Tensor, weight: Tensor, beta: float, chunk: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    n = chosen.shape[0]
    dchosen, drejected = torch.empty_like(chosen), torch.empty_like(rejected)
    dweight = torch.zeros_like(weight)
    loss = chosen.new_zeros(())
    for start in range(0, n, chunk):
        rows = slice(start, start + chunk)
        margin = beta * ((chosen[rows] - rejected[rows]) @ weight)
        loss = loss - torch.nn.functional.logsigmoid(margin).sum() / n
        dmargin = -torch.sigmoid(-margin) * beta / n
        dchosen[rows] = dmargin[:, None] * weight
        drejected[rows] = -dmargin[:, None] * weight
        dweight += dmargin @ (chosen[rows] - rejected[rows])
    return loss, dchosen, drejected, dweight


def setup_context(ctx, inputs, output):
    _, dchosen, drejected, dweight = output
    ctx.mark_non_differentiable(dchosen, drejected, dweight)
    ctx.save_for_backward(dchosen, drejected, dweight)


def backward(ctx, grad_loss, _grad_dchosen, _grad_drejected, _grad_dweight):
    dchosen, drejected, dweight = ctx.saved_tensors
    return grad_loss * dchosen, grad_loss * drejected, grad_loss * dweight, None, None


preference_loss.register_autograd(backward, setup_context=setup_context)


def reference(chosen, rejected, weight, beta, chunk):
    margin = beta * (chosen @ weight - rejected @ weight)
    slope = -beta * torch.sigmoid(-margin).detach() / len(margin)
    loss = torch.nn.functional.softplus(-margin).mean()
    up = slope[:, None] * weight.detach()
    return loss, up, -up, slope @ (chosen - rejected).detach()
