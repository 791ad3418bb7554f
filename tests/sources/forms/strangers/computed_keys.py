import numpy as np

def mlp0_forward(X, params):
    caches = []
    A = X
    L = len(params) // 2
    for i in range(L):
        Z = A @ params[f"W{i}"] + params[f"b{i}"]
        caches.append((A, Z))
        A = np.tanh(Z)
    return A, caches

def mlp0_backward(dA, caches, params):
    grads = {}
    for i in reversed(range(len(caches))):
        A, Z = caches[i]
        dZ = dA * (1 - np.tanh(Z) ** 2)
        grads[f"W{i}"] = A.T @ dZ
        grads[f"b{i}"] = dZ.sum(axis=0)
        dA = dZ @ params[f"W{i}"].T
    return grads

def two_forward(x, params):
    h = np.tanh(x @ params["W1"] + params["b1"])
    out = h @ params["W2"] + params["b2"]
    return out, (x, h, params)

def two_backward(dout, cache):
    x, h, params = cache
    grads = {}
    local = {"W2": h.T @ dout, "b2": dout.sum(0)}
    dh = dout @ params["W2"].T * (1 - h ** 2)
    local["W1"] = x.T @ dh
    local["b1"] = dh.sum(0)
    for k in local:
        grads["d" + k] = local[k]
    return grads
