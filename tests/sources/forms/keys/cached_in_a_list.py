import numpy as np

rng = np.random.default_rng(7)
X = rng.normal(size=(4, 40))
Y = (X[:1] * X[1:2] > 0).astype(float)
m = X.shape[1]
dims = [4, 10, 6, 1]
params = {}
for l in range(1, len(dims)):
    params["W" + str(l)] = rng.normal(size=(dims[l], dims[l - 1])) * 0.3
    params["b" + str(l)] = np.zeros((dims[l], 1))
L = len(dims) - 1

for it in range(2000):
    A = X
    caches = []
    for l in range(1, L + 1):
        Z = params["W" + str(l)] @ A + params["b" + str(l)]
        caches.append((A, Z))
        A = np.tanh(Z) if l < L else 1 / (1 + np.exp(-Z))
    cost = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))

    grads = {}
    dZ = A - Y
    for l in range(L, 0, -1):
        A_prev, Z = caches[l - 1]
        grads["dW" + str(l)] = dZ @ A_prev.T / m
        grads["db" + str(l)] = np.sum(dZ, axis=1, keepdims=True) / m
        dA_prev = params["W" + str(l)].T @ dZ
        dZ = dA_prev * (1 - A_prev ** 2)
    for l in range(1, L + 1):
        params["W" + str(l)] -= 0.1 * grads["dW" + str(l)]
        params["b" + str(l)] -= 0.1 * grads["db" + str(l)]
