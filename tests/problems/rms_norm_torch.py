"""RMS norm of sequences, as LLaMA has it, in PyTorch.

Zhang and Sennrich, "Root mean square layer normalization" (2019), equation 4. Closed form: their
section 4.2, with the normalised input in the place of the input.
"""

import torch


def inputs(rng, *, n=3, time=4, width=5):
    return {
        "x": torch.from_numpy(rng.normal(size=(n, time, width))),
        "gain": torch.from_numpy(rng.normal(size=width) + 1),
    }


def forward(x, gain):
    mean_square = x.pow(2).mean(-1, keepdim=True)
    inv = torch.rsqrt(mean_square + 1e-6)
    normed = x * inv
    out = normed * gain
    return out


def backward(gain, inv, normed, dout):
    dgain = (dout * normed).sum((0, 1))
    g = dout * gain
    dx = inv * (g - normed * (g * normed).mean(-1, keepdim=True))
