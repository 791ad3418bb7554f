"""Two tasks with a layer in common, and the sum of their losses."""
import numpy as np
rng = np.random.default_rng(1)
X = rng.normal(size=(16, 6)); ya = rng.normal(size=(16, 1)); yb = rng.integers(0, 3, 16)
W = rng.normal(size=(6, 5)); Wa = rng.normal(size=(5, 1)); Wb = rng.normal(size=(5, 3))
h = np.tanh(X @ W)
pa = h @ Wa
loss_a = ((pa - ya) ** 2).mean()
s = h @ Wb
p = np.exp(s - s.max(1, keepdims=True)); p /= p.sum(1, keepdims=True)
loss_b = -np.log(p[np.arange(16), yb]).mean()
total = loss_a + 0.5 * loss_b
dpa = 2 * (pa - ya) / 16
dWa = h.T @ dpa
ds = p.copy(); ds[np.arange(16), yb] -= 1; ds *= 0.5 / 16
dWb = h.T @ ds
dh = dpa @ Wa.T + ds @ Wb.T
dW = X.T @ (dh * (1 - h ** 2))
