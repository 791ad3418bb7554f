"""The selective scan of a state-space model: all states are kept, backward runs against time."""

import torch
from torch import Tensor


class SelectiveScan(torch.autograd.Function):
    @staticmethod
    def forward(
        x: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor
    ) -> tuple[Tensor, Tensor]:
        batch, time, width = x.shape
        h = x.new_zeros(batch, width, A.shape[1])
        states, outs = [], []
        for t in range(time):
            decay = torch.exp(delta[:, t, :, None] * A)
            h = decay * h + (delta[:, t] * x[:, t])[..., None] * B[:, t, None]
            states.append(h)
            outs.append((h * C[:, t, None]).sum(-1))
        return torch.stack(outs, 1) + x * D, torch.stack(states, 1)

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, states = output
        ctx.mark_non_differentiable(states)
        ctx.save_for_backward(*inputs, states)

    @staticmethod
    def backward(ctx, dy, _dstates):
        x, delta, A, B, C, D, states = ctx.saved_tensors
        dx = dy * D
        dD = (dy * x).sum((0, 1))
        ddelta = torch.zeros_like(delta)
        dA, dB, dC = torch.zeros_like(A), torch.zeros_like(B), torch.zeros_like(C)
        dh = torch.zeros_like(states[:, 0])
        for t in reversed(range(x.shape[1])):
            dC[:, t] = (dy[:, t, :, None] * states[:, t]).sum(1)
            dh = dh + dy[:, t, :, None] * C[:, t, None]
            fed = (dh * B[:, t, None]).sum(-1)
            dB[:, t] = (dh * (delta[:, t] * x[:, t])[..., None]).sum(1)
            dx[:, t] += fed * delta[:, t]
            ddelta[:, t] += fed * x[:, t]
            decay = torch.exp(delta[:, t, :, None] * A)
            before = states[:, t - 1] if t > 0 else torch.zeros_like(dh)
            dlog = dh * before * decay
            ddelta[:, t] += (dlog * A).sum(-1)
            dA += (dlog * delta[:, t, :, None]).sum(0)
            dh = dh * decay
        return dx, ddelta, dA, dB, dC, dD


def inputs(rng, *, batch=2, time=4, width=3, state=2):
    return {
        "x": torch.from_numpy(rng.normal(size=(batch, time, width))),
        "delta": torch.from_numpy(rng.uniform(0.1, 0.9, size=(batch, time, width))),
        "A": torch.from_numpy(-rng.uniform(0.2, 1, size=(width, state))),
        "B": torch.from_numpy(rng.normal(size=(batch, time, state))),
        "C": torch.from_numpy(rng.normal(size=(batch, time, state))),
        "D": torch.from_numpy(rng.normal(size=width)),
    }


def reference(x, delta, A, B, C, D):
    h = torch.zeros(x.shape[0], x.shape[2], A.shape[1], dtype=x.dtype, device=x.device)
    states = []
    for t in range(x.shape[1]):
        fed = torch.einsum("bd,bn->bdn", delta[:, t] * x[:, t], B[:, t])
        h = torch.exp(torch.einsum("bd,dn->bdn", delta[:, t], A)) * h + fed
        states.append(h)
    every = torch.stack(states, 1)
    return torch.einsum("btdn,btn->btd", every, C) + D * x, every
