"""Models whose parameters and gradients are in dicts."""

import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def net_forward(params, X, Y):
    W1, b1 = params["W1"], params["b1"]
    W2, b2 = params["W2"], params["b2"]
    Z1 = X @ W1 + b1
    A1 = np.tanh(Z1)
    Z2 = A1 @ W2 + b2
    loss = 0.5 * np.sum((Z2 - Y) ** 2) / X.shape[0]
    cache = {"Z1": Z1, "A1": A1, "Z2": Z2}
    return loss, cache

def net_backward(params, cache, X, Y):
    m = X.shape[0]
    dZ2 = (cache["Z2"] - Y) / m
    grads = {}
    grads["W2"] = cache["A1"].T @ dZ2
    grads["b2"] = dZ2.sum(axis=0)
    dA1 = dZ2 @ params["W2"].T
    dZ1 = dA1 * (1 - cache["A1"] ** 2)
    grads["W1"] = X.T @ dZ1
    grads["b1"] = dZ1.sum(axis=0)
    return grads

def forward_propagation(X, parameters):
    W1 = parameters["W1"]
    b1 = parameters["b1"]
    W2 = parameters["W2"]
    b2 = parameters["b2"]
    Z1 = np.dot(W1, X) + b1
    A1 = np.tanh(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = sigmoid(Z2)
    cache = (Z1, A1, W1, b1, W2, b2)
    return A2, cache

def backward_propagation(dA2, cache, X):
    Z1, A1, W1, b1, W2, b2 = cache
    Z2 = W2 @ A1 + b2
    s = sigmoid(Z2)
    dZ2 = dA2 * s * (1 - s)
    dW2 = np.dot(dZ2, A1.T)
    db2 = np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))
    dW1 = np.dot(dZ1, X.T)
    db1 = np.sum(dZ1, axis=1, keepdims=True)
    grads = {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
    return grads

def deep_forward(X, params):
    caches = []
    A = X
    L = len(params) // 2
    for l in range(1, L + 1):
        Z = A @ params["W" + str(l)] + params["b" + str(l)]
        caches.append((A, Z))
        A = np.maximum(Z, 0)
    return A, caches

def deep_backward(dA, caches, params):
    grads = {}
    L = len(caches)
    for l in range(L, 0, -1):
        A, Z = caches[l - 1]
        dZ = dA * (Z > 0)
        grads["dW" + str(l)] = A.T @ dZ
        grads["db" + str(l)] = dZ.sum(0)
        dA = dZ @ params["W" + str(l)].T
    return grads

def both_forward(x, p):
    h = x * p["scale"]
    return h, (x, p)

def both_backward(dout, cache):
    x, p = cache
    return dout * p["scale"], {"scale": (dout * x).sum(0)}

def nested_forward(params, x, y):
    first = params["layer1"]
    z = x @ first["W"] + first["b"]
    h = np.tanh(z)
    out = h @ params["layer2"]["W"] + params["layer2"]["b"]
    loss = ((out - y) ** 2).sum() / len(x)
    return loss, {"x": x, "h": h, "out": out, "y": y}

def nested_backward(params, cache):
    x, h = cache["x"], cache["h"]
    dout = 2 * (cache["out"] - cache["y"]) / len(x)
    grads = {"layer1": {}, "layer2": {}}
    grads["layer2"]["W"] = h.T @ dout
    grads["layer2"]["b"] = dout.sum(axis=0)
    dh = dout @ params["layer2"]["W"].T
    dz = dh * (1 - h ** 2)
    grads["layer1"]["W"] = x.T @ dz
    grads["layer1"]["b"] = dz.sum(axis=0)
    return grads

def whole_forward(x, model):
    h = np.maximum(x @ model["in"]["W"], 0)
    out = h @ model["out"]["W"]
    return out, (x, h, model)

def whole_backward(dout, cache):
    x, h, model = cache
    dW2 = h.T @ dout
    dh = dout @ model["out"]["W"].T
    dh = dh * (h > 0)
    dx = dh @ model["in"]["W"].T
    return dx, {
        "in": {"dW": x.T @ dh},
        "out": {"dW": dW2},
    }

def parts_forward(x, params):
    out = x @ params["proj"]["W"] + params["proj"]["b"]
    return out, x

def parts_backward(dout, x):
    grads = {}
    grads["proj"] = {"W": x.T @ dout, "b": dout.sum(axis=0)}
    return grads
