"""An ordinary differential equation: dt and dx are steps, and no gradients."""
import numpy as np
rng = np.random.default_rng(0)
t = np.linspace(0, 1, 11)
dt = t[1] - t[0]
x0 = rng.normal(size=3)
target = rng.normal(size=3)
W = rng.normal(size=(3, 3)) * 0.3
b = rng.normal(size=3) * 0.1
x = x0
dx = 0.01
xs = [x]
for k in range(4):
    x = x + dt * np.tanh(W @ x + b)
    xs.append(x)
loss = 0.5 * np.sum((x - target) ** 2)
# adjoint
a = xs[-1] - target
dW = np.zeros_like(W)
db = np.zeros_like(b)
for k in reversed(range(4)):
    h = np.tanh(W @ xs[k] + b)
    g = dt * a * (1 - h ** 2)
    dW += np.outer(g, xs[k])
    db += g
    a = a + W.T @ g
