import numpy as np

rng = np.random.default_rng(7)
X = rng.normal(size=(40, 4))
Y = (X[:, :1] * X[:, 1:2] > 0).astype(float)

sizes = [4, 10, 6, 1]
params = {}
for l in range(1, len(sizes)):
    params[f"W{l}"] = rng.normal(size=(sizes[l - 1], sizes[l])) * np.sqrt(2 / sizes[l - 1])
    params[f"b{l}"] = np.zeros((1, sizes[l]))
L = len(sizes) - 1
lr = 0.1

for it in range(2000):
    cache = {"A0": X}
    for l in range(1, L + 1):
        cache[f"Z{l}"] = cache[f"A{l-1}"] @ params[f"W{l}"] + params[f"b{l}"]
        if l < L:
            cache[f"A{l}"] = np.maximum(0, cache[f"Z{l}"])
        else:
            cache[f"A{l}"] = 1 / (1 + np.exp(-cache[f"Z{l}"]))
    A = cache[f"A{L}"]
    cost = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))

    grads = {}
    dZ = (A - Y) / len(X)
    for l in range(L, 0, -1):
        grads[f"dW{l}"] = cache[f"A{l-1}"].T @ dZ
        grads[f"db{l}"] = dZ.sum(axis=0, keepdims=True)
        if l > 1:
            dA = dZ @ params[f"W{l}"].T
            dZ = dA * (cache[f"Z{l-1}"] > 0)
    for k in params:
        params[k] -= lr * grads["d" + k]
    if it % 500 == 0:
        print(it, cost)
