"""Rows are samples, the state's history is a list, gradients come as a dict without d."""
import numpy as np

def cell_forward(x, h, params):
    z = x @ params['U'] + h @ params['W'] + params['b']
    h_next = np.tanh(z)
    return h_next, (x, h, h_next, params)

def cell_backward(dh_next, cache):
    x, h, h_next, params = cache
    dz = dh_next * (1 - h_next**2)
    grads = {}
    grads['U'] = x.T @ dz
    grads['W'] = h.T @ dz
    grads['b'] = dz.sum(0)
    dx = dz @ params['U'].T
    dh = dz @ params['W'].T
    return dx, dh, grads

def sequence_forward(xs, h0, params):
    N, T, D = xs.shape
    h, hs, caches = h0, [], []
    for t in range(T):
        h, cache = cell_forward(xs[:, t], h, params)
        hs.append(h)
        caches.append(cache)
    return np.stack(hs, axis=1), caches

def sequence_backward(dhs, caches):
    N, T, H = dhs.shape
    params = caches[0][3]
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dxs = np.zeros((N, T, params['U'].shape[0]))
    dh = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dx, dh, g = cell_backward(dhs[:, t] + dh, caches[t])
        dxs[:, t] = dx
        for k in grads:
            grads[k] += g[k]
    return dxs, dh, grads
