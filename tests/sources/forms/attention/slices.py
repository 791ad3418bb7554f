"""Causal attention, head by head, on columns of one product."""
import numpy as np

def attn_forward(x, c_attn_w, c_attn_b, c_proj_w, c_proj_b, n_head):
    T, C = x.shape
    qkv = x @ c_attn_w + c_attn_b
    q, k, v = np.split(qkv, 3, axis=-1)
    hs = C // n_head
    heads = []
    atts = []
    mask = np.tril(np.ones((T, T)))
    for h in range(n_head):
        sl = slice(h * hs, (h + 1) * hs)
        s = q[:, sl] @ k[:, sl].T / np.sqrt(hs)
        s = np.where(mask == 0, -1e10, s)
        e = np.exp(s - s.max(axis=1, keepdims=True))
        a = e / e.sum(axis=1, keepdims=True)
        atts.append(a)
        heads.append(a @ v[:, sl])
    y = np.concatenate(heads, axis=1)
    out = y @ c_proj_w + c_proj_b
    return out, (x, c_attn_w, c_proj_w, q, k, v, atts, y, n_head)

def attn_backward(dout, cache):
    x, c_attn_w, c_proj_w, q, k, v, atts, y, n_head = cache
    T, C = x.shape
    hs = C // n_head
    dc_proj_b = dout.sum(0)
    dc_proj_w = y.T @ dout
    dy = dout @ c_proj_w.T
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for h in range(n_head):
        sl = slice(h * hs, (h + 1) * hs)
        a = atts[h]
        dh = dy[:, sl]
        da = dh @ v[:, sl].T
        dv[:, sl] = a.T @ dh
        ds = a * (da - (da * a).sum(axis=1, keepdims=True)) / np.sqrt(hs)
        dq[:, sl] = ds @ k[:, sl]
        dk[:, sl] = ds.T @ q[:, sl]
    dqkv = np.concatenate([dq, dk, dv], axis=1)
    dc_attn_w = x.T @ dqkv
    dc_attn_b = dqkv.sum(0)
    dx = dqkv @ c_attn_w.T
    return dx, dc_attn_w, dc_attn_b, dc_proj_w, dc_proj_b
