"""GELU with the hyperbolic tangent.

Hendrycks and Gimpel, "Gaussian error linear units" (2016), section 2. Closed form: Karpathy's llm.c
(2024), train_gpt2.c, `gelu_backward`.
"""

import numpy as np


def inputs(rng, *, n=6, features=4):
    return {"x": rng.normal(size=(n, features))}


def forward(x):
    scale = np.sqrt(2 / np.pi)
    cube = 0.044715 * x**3
    inner = scale * (x + cube)
    t = np.tanh(inner)
    out = 0.5 * x * (1 + t)
    return out


def backward(x, scale, t, dout):
    slope = scale * (1 + 3 * 0.044715 * x**2)
    dx = dout * 0.5 * (1 + t + x * (1 - t**2) * slope)
