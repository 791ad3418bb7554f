"""GeGLU with the tanh form of GELU; gate and value are the two halves of one input."""

import torch
from torch import Tensor


class GeGLU(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor) -> Tensor:
        gate, value = x.chunk(2, -1)
        inner = 0.7978845608028654 * (gate + 0.044715 * gate**3)
        return 0.5 * gate * (1 + torch.tanh(inner)) * value

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        gate, value = x.chunk(2, -1)
        inner = 0.7978845608028654 * (gate + 0.044715 * gate**3)
        t = torch.tanh(inner)
        gelu = 0.5 * gate * (1 + t)
        slope = 0.7978845608028654 * (1 + 3 * 0.044715 * gate**2)
        grad_gate = grad_output * value * (0.5 * (1 + t) + 0.5 * gate * (1 - t * t) * slope)
        grad_value = grad_output * gelu
        return torch.cat([grad_gate, grad_value], -1)


def inputs(rng, *, rows=3, width=4):
    return {"x": torch.from_numpy(rng.normal(size=(rows, 2 * width)))}


def reference(x):
    gate, value = x.chunk(2, -1)
    return torch.nn.functional.gelu(gate, approximate="tanh") * value
