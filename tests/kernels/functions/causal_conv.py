"""The short causal convolution of a state-space block: one filter a channel, then silu."""

import torch
from torch import Tensor


class CausalConv(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        time, taps = x.shape[-1], weight.shape[-1]
        padded = torch.nn.functional.pad(x, (taps - 1, 0))
        pre = torch.zeros_like(x) + bias[:, None]
        for i in range(taps):
            pre = pre + weight[:, i, None] * padded[..., i : i + time]
        return pre * torch.sigmoid(pre)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, dout):
        x, weight, bias = ctx.saved_tensors
        time, taps = x.shape[-1], weight.shape[-1]
        padded = torch.nn.functional.pad(x, (taps - 1, 0))
        pre = torch.zeros_like(x) + bias[:, None]
        for i in range(taps):
            pre = pre + weight[:, i, None] * padded[..., i : i + time]
        sig = torch.sigmoid(pre)
        dpre = dout * sig * (1 + pre * (1 - sig))
        dbias = dpre.sum((0, 2))
        dweight = torch.empty_like(weight)
        dpadded = torch.zeros_like(padded)
        for i in range(taps):
            dweight[:, i] = (dpre * padded[..., i : i + time]).sum((0, 2))
            dpadded[..., i : i + time] += weight[:, i, None] * dpre
        dx = dpadded[..., taps - 1 :]
        return dx, dweight, dbias


def inputs(rng, *, batch=2, channels=3, time=6, taps=4):
    return {
        "x": torch.from_numpy(rng.normal(size=(batch, channels, time))),
        "weight": torch.from_numpy(rng.normal(size=(channels, taps))),
        "bias": torch.from_numpy(rng.normal(size=channels)),
    }


def reference(x, weight, bias):
    channels, taps = weight.shape
    padded = torch.nn.functional.pad(x, (taps - 1, 0))
    return torch.nn.functional.silu(
        torch.nn.functional.conv1d(padded, weight[:, None], bias, groups=channels)
    )
