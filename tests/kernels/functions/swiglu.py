"""SwiGLU: silu(gate) * up; backward computes the logistic function again."""

import torch
from torch import Tensor


class SwiGLU(torch.autograd.Function):
    @staticmethod
    def forward(gate: Tensor, up: Tensor) -> Tensor:
        return gate * torch.sigmoid(gate) * up

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, dout):
        gate, up = ctx.saved_tensors
        sig = torch.sigmoid(gate)
        silu = gate * sig
        dup = dout * silu
        dgate = dout * up * (sig + silu * (1 - sig))
        return dgate, dup


def inputs(rng, *, batch=2, time=3, width=4):
    return {
        "gate": torch.from_numpy(rng.normal(size=(batch, time, width))),
        "up": torch.from_numpy(rng.normal(size=(batch, time, width))),
    }


def reference(gate, up):
    return torch.nn.functional.silu(gate) * up
