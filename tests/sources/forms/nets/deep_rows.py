"""Depth L, with rows as samples, L2 and caches of dicts."""
import numpy as np

def init(dims):
    rng = np.random.default_rng(1)
    p = {}
    for i in range(1, len(dims)):
        p[f"W{i}"] = rng.standard_normal((dims[i - 1], dims[i])) * 0.1
        p[f"b{i}"] = np.zeros((1, dims[i]))
    return p

def model_forward(X, params):
    L = len(params) // 2
    A = X
    cache = {"A0": X}
    for l in range(1, L + 1):
        Z = A @ params["W" + str(l)] + params["b" + str(l)]
        A = 1 / (1 + np.exp(-Z)) if l == L else np.maximum(0, Z)
        cache["Z" + str(l)] = Z
        cache["A" + str(l)] = A
    return A, cache

def compute_cost(AL, Y):
    m = Y.shape[0]
    return -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m

def model_backward(AL, Y, cache, params):
    grads = {}
    L = len(params) // 2
    m = Y.shape[0]
    dZ = (AL - Y) / m
    for l in range(L, 0, -1):
        grads["dW" + str(l)] = cache["A" + str(l - 1)].T @ dZ
        grads["db" + str(l)] = np.sum(dZ, axis=0, keepdims=True)
        if l > 1:
            dA = dZ @ params["W" + str(l)].T
            dZ = dA * (cache["Z" + str(l - 1)] > 0)
    return grads
