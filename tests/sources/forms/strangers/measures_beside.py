"""A loss, and other measures of the same predictions."""
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(50, 3)); y = (rng.random(50) > 0.5).astype(float)
w = rng.normal(size=3); b = 0.1
for i in range(100):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    cost = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    error_rate = np.mean((p > 0.5) != y)
    rmse_error = np.sqrt(np.mean((p - y) ** 2))
    dz = (p - y) / len(y)
    dw = X.T @ dz
    db = dz.sum()
    w -= 0.1 * dw
    b -= 0.1 * db
