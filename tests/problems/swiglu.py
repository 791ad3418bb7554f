"""The feed-forward layer SwiGLU: one product gates the other, in PyTorch.

Shazeer, "GLU variants improve transformer" (2020), equation 6. Closed form: the product rule, with
f + sigmoid (1 - f) for the derivative of Swish from Ramachandran, Zoph and Le, "Searching for
activation functions" (2017), section 4.
"""

import torch


def inputs(rng, *, n=6, width=4, hidden=5):
    def weights(a, b):
        return torch.from_numpy(rng.normal(size=(a, b)) / a**0.5)

    return {
        "x": torch.from_numpy(rng.normal(size=(n, width))),
        "W": weights(width, hidden),
        "V": weights(width, hidden),
        "W2": weights(hidden, width),
    }


def forward(x, W, V, W2):
    gate = x @ W
    sigmoid = torch.sigmoid(gate)
    swish = gate * sigmoid
    up = x @ V
    h = swish * up
    out = h @ W2
    return out


def backward(x, W, V, W2, sigmoid, swish, up, h, dout):
    dW2 = h.T @ dout
    dh = dout @ W2.T
    dup = dh * swish
    dgate = dh * up * (swish + sigmoid * (1 - swish))
    dV = x.T @ dup
    dW = x.T @ dgate
    dx = dgate @ W.T + dup @ V.T
