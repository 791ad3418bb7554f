"""Mish: x times the hyperbolic tangent of its softplus, in PyTorch.

Misra, "Mish: a self regularized non-monotonic activation function" (2020), section 3. Closed form:
PyTorch's `mish_backward`, the sigmoid from the exponential that forward has.
"""

import torch


def inputs(rng, *, n=6, features=4):
    return {"x": torch.from_numpy(rng.normal(size=(n, features)))}


def forward(x):
    e = torch.exp(x)
    softplus = torch.log1p(e)
    t = torch.tanh(softplus)
    out = x * t
    return out


def backward(x, e, t, dout):
    sigmoid = e / (1 + e)
    dx = dout * (t + x * sigmoid * (1 - t * t))
