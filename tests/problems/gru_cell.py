"""One step of a gated recurrent unit (Cho et al. 2014): every gate on a line of its own."""

import numpy as np


def inputs(rng, *, n=6, features=5, hidden=8):
    def weights(a, b):
        return rng.normal(size=(a, b)) / np.sqrt(a)

    return {
        "x": rng.normal(size=(n, features)),
        "h": rng.normal(size=(n, hidden)),
        "Wz": weights(features, hidden),
        "Uz": weights(hidden, hidden),
        "bz": rng.normal(size=hidden),
        "Wr": weights(features, hidden),
        "Ur": weights(hidden, hidden),
        "Wc": weights(features, hidden),
        "Uc": weights(hidden, hidden),
    }


def forward(x, h, Wz, Uz, bz, Wr, Ur, Wc, Uc):
    az = x @ Wz + h @ Uz + bz
    z = 1 / (1 + np.exp(-az))  # how much of the old state to give up
    ar = x @ Wr + h @ Ur
    r = 1 / (1 + np.exp(-ar))  # how much of it the candidate may see
    rh = r * h
    ac = x @ Wc + rh @ Uc
    c = np.tanh(ac)
    out = (1 - z) * h + z * c
    return out


def backward(x, h, Wz, Uz, Wr, Ur, Wc, Uc, z, r, rh, c, dout):
    dz = dout * (c - h)
    dc = dout * z
    dac = dc * (1 - c**2)
    dUc = rh.T @ dac
    drh = dac @ Uc.T
    dr = drh * h
    dar = dr * r * (1 - r)
    daz = dz * z * (1 - z)
    dWz = x.T @ daz
    dUz = h.T @ daz
    dbz = daz.sum(axis=0)
    dWr = x.T @ dar
    dUr = h.T @ dar
    dWc = x.T @ dac
    dx = daz @ Wz.T + dar @ Wr.T + dac @ Wc.T
    dh = dout * (1 - z)
    dh += drh * r
    dh += daz @ Uz.T + dar @ Ur.T
