"""Attention with two heads unless told otherwise."""
import numpy as np

def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

def attention_forward(x, Wq, Wk, Wv, Wo, n_heads=2):
    B, T, C = x.shape
    D = C // n_heads
    q = (x @ Wq).reshape(B, T, n_heads, D).transpose(0, 2, 1, 3)
    k = (x @ Wk).reshape(B, T, n_heads, D).transpose(0, 2, 1, 3)
    v = (x @ Wv).reshape(B, T, n_heads, D).transpose(0, 2, 1, 3)
    a = softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(D))
    y = (a @ v).transpose(0, 2, 1, 3).reshape(B, T, C)
    out = y @ Wo
    return out, (x, Wq, Wk, Wv, Wo, q, k, v, a, y, n_heads)

def attention_backward(dout, cache):
    x, Wq, Wk, Wv, Wo, q, k, v, a, y, n_heads = cache
    B, T, C = x.shape
    D = C // n_heads
    dWo = np.einsum('btc,btd->cd', y, dout)
    dy = (dout @ Wo.T).reshape(B, T, n_heads, D).transpose(0, 2, 1, 3)
    da = dy @ v.transpose(0, 1, 3, 2)
    dv = a.transpose(0, 1, 3, 2) @ dy
    ds = a * (da - (da * a).sum(-1, keepdims=True)) / np.sqrt(D)
    dq = (ds @ k).transpose(0, 2, 1, 3).reshape(B, T, C)
    dk = (ds.transpose(0, 1, 3, 2) @ q).transpose(0, 2, 1, 3).reshape(B, T, C)
    dv = dv.transpose(0, 2, 1, 3).reshape(B, T, C)
    dWq = np.einsum('btc,btd->cd', x, dq)
    dWk = np.einsum('btc,btd->cd', x, dk)
    dWv = np.einsum('btc,btd->cd', x, dv)
    dx = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
    return dx, dWq, dWk, dWv, dWo
