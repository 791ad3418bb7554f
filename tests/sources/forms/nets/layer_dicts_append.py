import numpy as np

def relu(z):
    return np.maximum(z, 0)

def net_forward(x, layers):
    caches = []
    for i in range(len(layers)):
        W, b = layers[i]["weight"], layers[i]["bias"]
        z = x @ W + b
        caches.append((x, z))
        x = relu(z) if i < len(layers) - 1 else z
    return x, caches

def net_backward(dout, layers, caches):
    grads = []
    dx = dout
    for i in range(len(layers) - 1, -1, -1):
        x, z = caches[i]
        dz = dx * (z > 0) if i < len(layers) - 1 else dx
        grads.append({
            "dweight": x.T @ dz,
            "dbias": np.sum(dz, axis=0),
        })
        dx = dz @ layers[i]["weight"].T
    grads.reverse()
    return dx, grads
