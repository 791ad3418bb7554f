"""A step in time and its gradient as functions that the loops call."""
import numpy as np

def step(x, h, Wx, Wh, b):
    return np.tanh(x @ Wx + h @ Wh + b)

def step_grad(dh, x, h_prev, h, Wx, Wh):
    dz = dh * (1 - h * h)
    return dz @ Wx.T, dz @ Wh.T, x.T @ dz, h_prev.T @ dz, dz.sum(0)

def rnn_forward(xs, h0, Wx, Wh, b):
    hs = [h0]
    for t in range(xs.shape[0]):
        hs.append(step(xs[t], hs[-1], Wx, Wh, b))
    return hs[-1], (xs, hs, Wx, Wh)

def rnn_backward(dout, cache):
    xs, hs, Wx, Wh = cache
    dxs = np.zeros_like(xs)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wh.shape[1])
    dh = dout
    for t in range(len(xs) - 1, -1, -1):
        dxs[t], dh, gx, gh, gb = step_grad(dh, xs[t], hs[t], hs[t + 1], Wx, Wh)
        dWx += gx
        dWh += gh
        db += gb
    return dxs, dh, dWx, dWh, db
