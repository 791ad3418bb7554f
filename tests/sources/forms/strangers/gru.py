"""One step of a gated recurrent unit."""
import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def gru_step_forward(x, h_prev, Wz, Uz, Wr, Ur, Wh, Uh, bz, br, bh):
    z = sigmoid(x @ Wz + h_prev @ Uz + bz)
    r = sigmoid(x @ Wr + h_prev @ Ur + br)
    hh = np.tanh(x @ Wh + (r * h_prev) @ Uh + bh)
    h = (1 - z) * h_prev + z * hh
    return h, (x, h_prev, z, r, hh, Wz, Uz, Wr, Ur, Wh, Uh)

def gru_step_backward(dh, cache):
    x, h_prev, z, r, hh, Wz, Uz, Wr, Ur, Wh, Uh = cache
    dz = dh * (hh - h_prev)
    dhh = dh * z
    dh_prev = dh * (1 - z)
    dah = dhh * (1 - hh ** 2)
    dWh = x.T @ dah
    dUh = (r * h_prev).T @ dah
    dbh = dah.sum(0)
    drh = dah @ Uh.T
    dr = drh * h_prev
    dh_prev += drh * r
    daz = dz * z * (1 - z)
    dar = dr * r * (1 - r)
    dWz, dUz, dbz = x.T @ daz, h_prev.T @ daz, daz.sum(0)
    dWr, dUr, dbr = x.T @ dar, h_prev.T @ dar, dar.sum(0)
    dh_prev += daz @ Uz.T + dar @ Ur.T
    dx = dah @ Wh.T + daz @ Wz.T + dar @ Wr.T
    return dx, dh_prev, dWz, dUz, dWr, dUr, dWh, dUh, dbz, dbr, dbh
