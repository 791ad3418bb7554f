"""A loss that is one number for each example."""
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(30, 4)); y = rng.normal(size=(30, 1))
W = rng.normal(size=(4, 1))
z = X @ W
a = np.tanh(z)
loss = 0.5 * (a - y) ** 2
da = (a - y) / len(X)
dz = da * (1 - a ** 2)
dW = X.T @ dz
