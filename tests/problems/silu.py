"""SiLU, or Swish: x times its sigmoid.

Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units" (2018). Closed form: f + sigmoid (1 - f),
Ramachandran, Zoph and Le, "Searching for activation functions" (2017), section 4.
"""

import numpy as np


def inputs(rng, *, n=6, features=4):
    return {"x": rng.normal(size=(n, features))}


def forward(x):
    sigmoid = 1 / (1 + np.exp(-x))
    out = x * sigmoid
    return out


def backward(sigmoid, out, dout):
    dx = dout * (out + sigmoid * (1 - out))
