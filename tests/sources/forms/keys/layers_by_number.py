import numpy as np

rng = np.random.default_rng(7)
X, Y = rng.normal(size=(8, 4)), rng.normal(size=(8, 1))
sizes, W = [4, 5, 1], {}
for l in (1, 2):
    W[l] = rng.normal(size=(sizes[l - 1], sizes[l]))
scale = np.array(1.5)
for step in range(20):
    kept = {0: X}
    for l in (1, 2):
        kept[l] = np.tanh(kept[l - 1] @ W[l])
    A = scale * kept[2]
    loss = ((A - Y) ** 2).mean()
    grads = {}
    dA = 2 * (A - Y) / len(Y)
    dscale = (dA * kept[2]).sum()
    dA = dA * scale
    for l in (2, 1):
        dZ = dA * (1 - kept[l] ** 2)
        grads[l] = kept[l - 1].T @ dZ
        dA = dZ @ W[l].T
    for l in (1, 2):
        W[l] -= 0.1 * grads[l]
    scale -= 0.1 * dscale
