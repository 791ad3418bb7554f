"""GELU as it is defined, with the normal distribution function, in PyTorch.

Hendrycks and Gimpel, "Gaussian error linear units" (2016), section 2. Closed form: the distribution
function plus x times the density, as in PyTorch's `gelu_backward`.
"""

import math

import torch


def inputs(rng, *, n=6, features=4):
    return {"x": torch.from_numpy(rng.normal(size=(n, features)))}


def forward(x):
    scaled = x * math.sqrt(0.5)
    cdf = 0.5 * (1 + torch.erf(scaled))
    out = x * cdf
    return out


def backward(x, scaled, cdf, dout):
    bell = torch.exp(-scaled * scaled) * (1 / math.sqrt(2 * math.pi))
    dx = dout * (cdf + x * bell)
