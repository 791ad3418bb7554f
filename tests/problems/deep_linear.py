"""A stack of layers: weights and biases come in lists, and so do the activations."""

from itertools import pairwise

import numpy as np

data = ("x", "y")


def inputs(rng, *, n=7, features=4, hidden=6, classes=3):
    sizes = [features, hidden, hidden, classes]
    pairs = list(pairwise(sizes))
    return {
        "x": rng.normal(size=(n, features)),
        "y": rng.normal(size=(n, classes)),
        "Ws": [rng.normal(size=pair) / np.sqrt(pair[0]) for pair in pairs],
        "bs": [rng.normal(size=pair[1]) for pair in pairs],
    }


def forward(x, y, Ws, bs):
    activations = [x]
    for W, b in zip(Ws, bs, strict=True):
        activations.append(np.tanh(activations[-1] @ W + b))
    residual = activations[-1] - y
    loss = 0.5 * (residual**2).sum()
    return loss


def backward(x, Ws, bs, activations, residual):
    layers = len(Ws)
    dactivations = [None] * (layers + 1)
    dWs = [None] * layers
    dbs = [None] * layers
    dactivations[layers] = residual.copy()
    for i in reversed(range(layers)):
        dpre = dactivations[i + 1] * (1 - activations[i + 1] ** 2)
        dWs[i] = activations[i].T @ dpre
        dbs[i] = dpre.sum(axis=0)
        dactivations[i] = dpre @ Ws[i].T
