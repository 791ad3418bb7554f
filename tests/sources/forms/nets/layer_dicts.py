"""A list of dicts, one a layer."""
import numpy as np

def make_layers(sizes):
    rng = np.random.default_rng(0)
    return [{"W": rng.normal(size=(i, o)) * 0.3, "b": np.zeros(o)} for i, o in zip(sizes[:-1], sizes[1:])]

def forward(layers, x):
    activations = [x]
    for layer in layers:
        x = np.tanh(x @ layer["W"] + layer["b"])
        activations.append(x)
    return x, activations

def backward(layers, dout, activations):
    grads = []
    for i in reversed(range(len(layers))):
        dz = dout * (1 - activations[i + 1] ** 2)
        grads.insert(0, {"W": activations[i].T @ dz, "b": dz.sum(axis=0)})
        dout = dz @ layers[i]["W"].T
    return grads
