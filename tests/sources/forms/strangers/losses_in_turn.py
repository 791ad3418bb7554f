"""A generator whose loss is computed below the gradients of the discriminator."""

import numpy as np

rng = np.random.default_rng(0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


n = 16
Wg = rng.standard_normal((2, 3)) * 0.5
bg = np.zeros(3)
Wd = rng.standard_normal((3, 1)) * 0.5
bd = np.zeros(1)
lr = 0.05
for it in range(2000):
    z = rng.standard_normal((n, 2))
    x_real = rng.standard_normal((n, 3)) + 2.0
    # forward
    x_fake = np.tanh(z @ Wg + bg)
    l_real = x_real @ Wd + bd
    d_real = sigmoid(l_real)
    l_fake = x_fake @ Wd + bd
    d_fake = sigmoid(l_fake)
    # discriminator
    d_loss = -np.mean(np.log(d_real) + np.log(1 - d_fake))
    dl_real = (d_real - 1) / n
    dl_fake = d_fake / n
    dWd = x_real.T @ dl_real + x_fake.T @ dl_fake
    dbd = dl_real.sum(0) + dl_fake.sum(0)
    # generator
    g_loss = -np.mean(np.log(d_fake))
    dlg = (d_fake - 1) / n
    dx_fake = dlg @ Wd.T
    da = dx_fake * (1 - x_fake**2)
    dWg = z.T @ da
    dbg = da.sum(0)
    Wd -= lr * dWd
    bd -= lr * dbd
    Wg -= lr * dWg
    bg -= lr * dbg
    if it % 100 == 0:
        print(it, d_loss, g_loss)
