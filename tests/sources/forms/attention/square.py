"""Attention with several heads; its backward takes the output to be as wide as the input."""
import numpy as np

def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

def mha_forward(x, Wq, Wk, Wv, Wo, num_heads):
    B, T, C = x.shape
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    D = q.shape[-1] // num_heads
    qh = q.reshape(B, T, num_heads, D).transpose(0, 2, 1, 3)
    kh = k.reshape(B, T, num_heads, D).transpose(0, 2, 1, 3)
    vh = v.reshape(B, T, num_heads, D).transpose(0, 2, 1, 3)
    att = softmax(qh @ kh.transpose(0, 1, 3, 2) / np.sqrt(D))
    o = (att @ vh).transpose(0, 2, 1, 3).reshape(B, T, -1)
    out = o @ Wo
    cache = (x, Wq, Wk, Wv, Wo, qh, kh, vh, att, o, num_heads)
    return out, cache

def mha_backward(dout, cache):
    x, Wq, Wk, Wv, Wo, qh, kh, vh, att, o, num_heads = cache
    B, T, C = x.shape
    D = qh.shape[-1]
    H = C
    dWo = o.reshape(-1, H).T @ dout.reshape(-1, C)
    do = dout @ Wo.T
    doh = do.reshape(B, T, num_heads, D).transpose(0, 2, 1, 3)
    datt = doh @ vh.transpose(0, 1, 3, 2)
    dvh = att.transpose(0, 1, 3, 2) @ doh
    ds = att * (datt - (datt * att).sum(axis=-1, keepdims=True))
    ds = ds / np.sqrt(D)
    dqh = ds @ kh
    dkh = ds.transpose(0, 1, 3, 2) @ qh
    dq = dqh.transpose(0, 2, 1, 3).reshape(B, T, H)
    dk = dkh.transpose(0, 2, 1, 3).reshape(B, T, H)
    dv = dvh.transpose(0, 2, 1, 3).reshape(B, T, H)
    X = x.reshape(-1, C)
    dWq = X.T @ dq.reshape(-1, H)
    dWk = X.T @ dk.reshape(-1, H)
    dWv = X.T @ dv.reshape(-1, H)
    dx = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
    return dx, dWq, dWk, dWv, dWo
