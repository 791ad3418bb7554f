"""A generator and a discriminator, each with its own loss."""
import numpy as np

np.random.seed(1)
n_iter = 3000
batch_size = 32
lr = 0.01
z_dim, h_dim = 5, 8

def sigmoid(x):
    return 1. / (1. + np.exp(-x))

# generator
Wg1 = np.random.randn(z_dim, h_dim) * 0.1
bg1 = np.zeros((1, h_dim))
Wg2 = np.random.randn(h_dim, 1) * 0.1
bg2 = np.zeros((1, 1))
# discriminator
Wd1 = np.random.randn(1, h_dim) * 0.1
bd1 = np.zeros((1, h_dim))
Wd2 = np.random.randn(h_dim, 1) * 0.1
bd2 = np.zeros((1, 1))

for it in range(n_iter):
    z = np.random.randn(batch_size, z_dim)
    x_real = 4 + 0.5 * np.random.randn(batch_size, 1)

    # generator forward
    g_a1 = z @ Wg1 + bg1
    g_h1 = np.tanh(g_a1)
    x_fake = g_h1 @ Wg2 + bg2

    # discriminator on real
    r_a1 = x_real @ Wd1 + bd1
    r_h1 = np.tanh(r_a1)
    r_logit = r_h1 @ Wd2 + bd2
    r_prob = sigmoid(r_logit)

    # discriminator on fake
    f_a1 = x_fake @ Wd1 + bd1
    f_h1 = np.tanh(f_a1)
    f_logit = f_h1 @ Wd2 + bd2
    f_prob = sigmoid(f_logit)

    d_loss = -np.mean(np.log(r_prob) + np.log(1 - f_prob))
    g_loss = -np.mean(np.log(f_prob))

    # discriminator backward
    dr_logit = (r_prob - 1) / batch_size
    dWd2_real = r_h1.T @ dr_logit
    dbd2_real = dr_logit.sum(axis=0, keepdims=True)
    dr_h1 = dr_logit @ Wd2.T
    dr_a1 = dr_h1 * (1 - r_h1 ** 2)
    dWd1_real = x_real.T @ dr_a1
    dbd1_real = dr_a1.sum(axis=0, keepdims=True)

    df_logit = f_prob / batch_size
    dWd2_fake = f_h1.T @ df_logit
    dbd2_fake = df_logit.sum(axis=0, keepdims=True)
    df_h1 = df_logit @ Wd2.T
    df_a1 = df_h1 * (1 - f_h1 ** 2)
    dWd1_fake = x_fake.T @ df_a1
    dbd1_fake = df_a1.sum(axis=0, keepdims=True)

    dWd1 = dWd1_real + dWd1_fake
    dbd1 = dbd1_real + dbd1_fake
    dWd2 = dWd2_real + dWd2_fake
    dbd2 = dbd2_real + dbd2_fake

    Wd1 -= lr * dWd1
    bd1 -= lr * dbd1
    Wd2 -= lr * dWd2
    bd2 -= lr * dbd2

    # generator backward
    df_logit = (f_prob - 1) / batch_size
    df_h1 = df_logit @ Wd2.T
    df_a1 = df_h1 * (1 - f_h1 ** 2)
    dx_fake = df_a1 @ Wd1.T
    dWg2 = g_h1.T @ dx_fake
    dbg2 = dx_fake.sum(axis=0, keepdims=True)
    dg_h1 = dx_fake @ Wg2.T
    dg_a1 = dg_h1 * (1 - g_h1 ** 2)
    dWg1 = z.T @ dg_a1
    dbg1 = dg_a1.sum(axis=0, keepdims=True)

    Wg1 -= lr * dWg1
    bg1 -= lr * dbg1
    Wg2 -= lr * dWg2
    bg2 -= lr * dbg2
