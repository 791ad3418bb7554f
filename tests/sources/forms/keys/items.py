import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 3))
y = rng.integers(0, 4, 30)
p = {"w1": rng.normal(size=(3, 8)) * 0.1, "b1": np.zeros(8), "w2": rng.normal(size=(8, 4)) * 0.1, "b2": np.zeros(4)}

for epoch in range(100):
    h = np.maximum(0, X @ p["w1"] + p["b1"])
    scores = h @ p["w2"] + p["b2"]
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(probs[np.arange(len(y)), y]).mean()

    g = {}
    dscores = probs.copy()
    dscores[np.arange(len(y)), y] -= 1
    dscores /= len(y)
    g["w2"] = h.T @ dscores
    g["b2"] = dscores.sum(axis=0)
    dh = dscores @ p["w2"].T
    dh[h <= 0] = 0
    g["w1"] = X.T @ dh
    g["b1"] = dh.sum(axis=0)
    for k, v in p.items():
        v -= 0.5 * g[k]
