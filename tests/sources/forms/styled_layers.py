"""The same layers in other hands: einsum, other names, helpers, in place."""

import numpy as np


def fc_forward(X, W, b):
    Xr = X.reshape(X.shape[0], -1)
    return Xr @ W + b, (X, Xr, W)


def fc_backward(dY, cache):
    X, Xr, W = cache
    dXr = np.einsum("nm,dm->nd", dY, W)
    dW = np.einsum("nd,nm->dm", Xr, dY)
    db = np.einsum("nm->m", dY)
    return dXr.reshape(X.shape), dW, db


def relu_fwd(z):
    return z * (z > 0), z > 0


def relu_bwd(g, mask):
    return np.where(mask, g, 0)


def log_softmax_loss_forward(logits, labels):
    m = logits.shape[0]
    z = logits - logits.max(1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(1, keepdims=True))
    loss = -logp[range(m), labels].mean()
    return loss, (logp, labels)


def log_softmax_loss_backward(dloss, cache):
    logp, labels = cache
    dlogits = np.exp(logp)
    dlogits[range(len(labels)), labels] -= 1
    return dloss * dlogits / len(labels)


def hinge_forward(scores, y, delta=1.0):
    n = len(y)
    right = scores[np.arange(n), y].reshape(n, 1)
    margin = np.maximum(scores - right + delta, 0)
    margin[np.arange(n), y] = 0
    return margin.sum() / n, (margin, y)


def hinge_backward(cache):
    margin, y = cache
    n = len(y)
    g = (margin > 0).astype(float)
    g[np.arange(n), y] = -g.sum(axis=1)
    return g / n


def bn_forward(x, g, b, eps=1e-5):
    m = x.mean(0)
    c = x - m
    v = (c * c).mean(0)
    s = 1.0 / np.sqrt(v + eps)
    n = c * s
    y = n * g + b
    return y, (c, s, n, g)


def bn_backward(dy, cache):
    c, s, n, g = cache
    N = dy.shape[0]
    db = dy.sum(0)
    dg = np.einsum("ij,ij->j", dy, n)
    dn = dy * g
    ds = (dn * c).sum(0)
    dv = -0.5 * ds * s**3
    dc = dn * s + 2 * c * dv / N
    dx = dc - dc.mean(0)
    return dx, dg, db


def ln_forward(x, weight, bias, eps=1e-5):
    mean = x.mean(axis=-1, keepdims=True)
    rstd = (x.var(axis=-1, keepdims=True) + eps) ** -0.5
    norm = (x - mean) * rstd
    return norm * weight + bias, (norm, rstd, weight)


def ln_backward(dout, cache):
    norm, rstd, weight = cache
    dbias = dout.sum(0)
    dweight = (dout * norm).sum(0)
    dnorm = dout * weight
    dx = dnorm - dnorm.mean(-1, keepdims=True) - norm * (dnorm * norm).mean(-1, keepdims=True)
    dx *= rstd
    return dx, dweight, dbias


def group_norm_forward(x, gamma, beta, groups):
    N, C, H, W = x.shape
    r = x.reshape(N * groups, -1)
    mu = r.mean(axis=1, keepdims=True)
    sd = np.sqrt(r.var(axis=1, keepdims=True) + 1e-5)
    h = ((r - mu) / sd).reshape(x.shape)
    out = gamma.reshape(1, C, 1, 1) * h + beta.reshape(1, C, 1, 1)
    return out, (h, sd, gamma, groups)


def group_norm_backward(dout, cache):
    h, sd, gamma, groups = cache
    N, C, H, W = dout.shape
    dbeta = dout.sum(axis=(0, 2, 3))
    dgamma = (dout * h).sum(axis=(0, 2, 3))
    dh = (dout * gamma[None, :, None, None]).reshape(N * groups, -1)
    hr = h.reshape(N * groups, -1)
    dr = dh - dh.mean(1, keepdims=True) - hr * (dh * hr).mean(1, keepdims=True)
    dx = (dr / sd).reshape(dout.shape)
    return dx, dgamma, dbeta


def dropout_forward(x, p, seed=0):
    keep = np.random.RandomState(seed).rand(*x.shape) > p
    return x * keep / (1 - p), (keep, p)


def dropout_backward(dout, cache):
    keep, p = cache
    return dout * keep / (1 - p)


def conv2d_forward(x, w, b, stride=1, pad=1):
    n, c, h, wd = x.shape
    f, _, kh, kw = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    ho = (h + 2 * pad - kh) // stride + 1
    wo = (wd + 2 * pad - kw) // stride + 1
    out = np.zeros((n, f, ho, wo))
    for i in range(ho):
        for j in range(wo):
            patch = xp[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            out[:, :, i, j] = np.tensordot(patch, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out, (xp, w, stride, pad)


def conv2d_backward(dout, cache):
    xp, w, stride, pad = cache
    _, _, kh, kw = w.shape
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    db = dout.sum(axis=(0, 2, 3))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows = slice(i * stride, i * stride + kh)
            cols = slice(j * stride, j * stride + kw)
            dw += np.einsum("nf,nchw->fchw", dout[:, :, i, j], xp[:, :, rows, cols])
            dxp[:, :, rows, cols] += np.einsum("nf,fchw->nchw", dout[:, :, i, j], w)
    dx = dxp[:, :, pad:-pad, pad:-pad]
    return dx, dw, db


def maxpool_forward(x, size, stride):
    n, c, h, w = x.shape
    ho, wo = (h - size) // stride + 1, (w - size) // stride + 1
    out = np.zeros((n, c, ho, wo))
    where = {}
    for a in range(n):
        for b in range(c):
            for i in range(ho):
                for j in range(wo):
                    win = x[a, b, i * stride : i * stride + size, j * stride : j * stride + size]
                    k = win.argmax()
                    where[a, b, i, j] = (i * stride + k // size, j * stride + k % size)
                    out[a, b, i, j] = win.max()
    return out, (x.shape, where)


def maxpool_backward(dout, cache):
    shape, where = cache
    dx = np.zeros(shape)
    for (a, b, i, j), (r, s) in where.items():
        dx[a, b, r, s] += dout[a, b, i, j]
    return dx


def rnn_cell_forward(xt, hp, Wxh, Whh, bh):
    h = np.tanh(xt @ Wxh + hp @ Whh + bh)
    return h, (xt, hp, Wxh, Whh, h)


def rnn_cell_backward(dh, cache):
    xt, hp, Wxh, Whh, h = cache
    dz = (1 - h * h) * dh
    return dz @ Wxh.T, dz @ Whh.T, xt.T @ dz, hp.T @ dz, dz.sum(0)


def rnn_over_time_forward(x, h0, Wx, Wh, b):
    hs = [h0]
    for t in range(x.shape[1]):
        hs.append(np.tanh(x[:, t] @ Wx + hs[-1] @ Wh + b))
    h = np.stack(hs[1:], axis=1)
    return h, (x, hs, Wx, Wh)


def rnn_over_time_backward(dh, cache):
    x, hs, Wx, Wh = cache
    dx = np.zeros_like(x)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wh.shape[1])
    carry = np.zeros_like(hs[0])
    for t in range(x.shape[1] - 1, -1, -1):
        g = (dh[:, t] + carry) * (1 - hs[t + 1] ** 2)
        dx[:, t] = g @ Wx.T
        carry = g @ Wh.T
        dWx += x[:, t].T @ g
        dWh += hs[t].T @ g
        db += g.sum(0)
    return dx, carry, dWx, dWh, db


def sig(z):
    return 1 / (1 + np.exp(-z))


def lstm_cell_forward(x, h_prev, c_prev, Wx, Wh, b):
    H = h_prev.shape[1]
    z = x @ Wx + h_prev @ Wh + b
    i, f, o = sig(z[:, :H]), sig(z[:, H : 2 * H]), sig(z[:, 2 * H : 3 * H])
    g = np.tanh(z[:, 3 * H :])
    c = f * c_prev + i * g
    tc = np.tanh(c)
    h = o * tc
    return h, c, (x, h_prev, c_prev, Wx, Wh, i, f, o, g, tc)


def lstm_cell_backward(dh, dc, cache):
    x, h_prev, c_prev, Wx, Wh, i, f, o, g, tc = cache
    dct = dc + dh * o * (1 - tc**2)
    dz = np.concatenate(
        [dct * g * i * (1 - i), dct * c_prev * f * (1 - f), dh * tc * o * (1 - o), dct * i * (1 - g**2)],
        axis=1,
    )
    dx = dz @ Wx.T
    dh_prev = dz @ Wh.T
    dc_prev = dct * f
    return dx, dh_prev, dc_prev, x.T @ dz, h_prev.T @ dz, dz.sum(axis=0)


def lstm_over_time_forward(x, h0, Wx, Wh, b):
    N, T, _ = x.shape
    H = Wh.shape[0]
    h, c = h0, np.zeros((N, H))
    caches, out = [], np.empty((N, T, H))
    for t in range(T):
        h, c, cache = lstm_cell_forward(x[:, t], h, c, Wx, Wh, b)
        caches.append(cache)
        out[:, t] = h
    return out, caches


def lstm_over_time_backward(dout, caches):
    N, T, H = dout.shape
    x0, Wx, Wh = caches[0][0], caches[0][3], caches[0][4]
    dx = np.empty((N, T, x0.shape[1]))
    dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(Wh.shape[1])
    dh, dc = np.zeros((N, H)), np.zeros((N, H))
    for t in reversed(range(T)):
        dh = dh + dout[:, t]
        dx[:, t], dh, dc, a, b, c = lstm_cell_backward(dh, dc, caches[t])
        dWx += a
        dWh += b
        db += c
    return dx, dh, dWx, dWh, db


def embed_forward(ix, E):
    return E[ix], (ix, E.shape)


def embed_backward(dout, cache):
    ix, shape = cache
    dE = np.zeros(shape)
    for i, row in zip(ix.ravel(), dout.reshape(-1, shape[1])):
        dE[i] += row
    return dE
