"""Loops over time: what each round hands to the next. Those that bind a name as each round begins,
so that what the last one leaves has no such name; and those that hand on several shares."""

from __future__ import annotations

import pytest
from verdicts import Checked, Slip, assert_found, assert_right, slips

from sweeps import a_few

GRU = """
import torch

def inputs(rng, *, t=3, n=2, h=3):
    def drawn(*shape):
        return torch.tensor(rng.normal(size=shape)) / 2
    return {"x": drawn(t, n, h), "Wz": drawn(h, h), "Wn": drawn(h, h), "h0": drawn(n, h)}

def forward(x, Wz, Wn, h0):
    hs, zs, ns = [h0], [], []
    for t in range(len(x)):
        h = hs[-1]
        z = torch.sigmoid(x[t] + h @ Wz)
        n = torch.tanh(x[t] + h @ Wn)
        hs.append((1 - z) * n + z * h)
        zs.append(z)
        ns.append(n)
    loss = (hs[-1] ** 2).sum()
    return loss

def backward(x, Wz, Wn, hs, zs, ns):
    dWz, dWn, dx = torch.zeros_like(Wz), torch.zeros_like(Wn), torch.zeros_like(x)
    dh = 2 * hs[-1]
    for t in range(len(x) - 1, -1, -1):
        h, z, n = hs[t], zs[t], ns[t]
        an = dh * (1 - z) * (1 - n * n)
        az = dh * (h - n) * z * (1 - z)
        dWn += h.T @ an
        dWz += h.T @ az
        dx[t] = an + az
        dh = dh * z + an @ Wn.T + az @ Wz.T
    dh0 = dh
"""

RESIDUAL = """
import numpy as np

def inputs(rng, *, n=3, k=4):
    return {"x": rng.normal(size=(n, k)), "W": rng.normal(size=(k, k)) / 2}

def forward(x, W):
    hs = [x]
    for _ in range(3):
        h = hs[-1]
        hs.append(h + np.tanh(h @ W))
    y = hs[-1]
    return y

def backward(dy, W, hs):
    dW = np.zeros_like(W)
    dh = dy
    for h, after in reversed(list(zip(hs, hs[1:]))):
        a = dh * (1 - (after - h) ** 2)
        dW += h.T @ a
        dh = dh + a @ W.T
    dx = dh
"""

PEEPHOLES = """
import numpy as np

def inputs(rng, *, t=3, n=2, d=2, h=3):
    def drawn(*shape):
        return rng.normal(size=shape) / 2
    return {
        "x": drawn(t, n, d),
        "Wx": drawn(d, 4 * h),
        "Wh": drawn(h, 4 * h),
        "pi": drawn(h),
        "pf": drawn(h),
        "po": drawn(h),
        "c0": drawn(n, h),
    }

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def forward(x, Wx, Wh, pi, pf, po, c0):
    h, c = np.zeros_like(c0), c0
    n = c0.shape[1]
    kept, hs = [], []
    for row in x:
        a = row @ Wx + h @ Wh
        i = sigmoid(a[:, :n] + pi * c)
        f = sigmoid(a[:, n : 2 * n] + pf * c)
        g = np.tanh(a[:, 2 * n : 3 * n])
        c_new = f * c + i * g
        o = sigmoid(a[:, 3 * n :] + po * c_new)
        kept.append((h, c, i, f, g, o, c_new))
        h, c = o * np.tanh(c_new), c_new
        hs.append(h)
    out = np.stack(hs)
    return out

def backward(dout, x, Wx, Wh, pi, pf, po, c0, kept):
    dWx, dWh = np.zeros_like(Wx), np.zeros_like(Wh)
    dpi, dpf, dpo = np.zeros_like(pi), np.zeros_like(pf), np.zeros_like(po)
    dx = np.zeros_like(x)
    later, dc_next = np.zeros_like(c0), np.zeros_like(c0)
    for t in reversed(range(len(x))):
        h, c, i, f, g, o, c_new = kept[t]
        dh = dout[t] + later
        tc = np.tanh(c_new)
        dzo = dh * tc * o * (1 - o)
        dc = dh * o * (1 - tc**2) + dc_next + dzo * po
        dzi = dc * g * i * (1 - i)
        dzf = dc * c * f * (1 - f)
        dzg = dc * i * (1 - g**2)
        dc_next = dc * f + dzi * pi + dzf * pf
        da = np.concatenate([dzi, dzf, dzg, dzo], axis=1)
        dpi += (dzi * c).sum(0)
        dpf += (dzf * c).sum(0)
        dpo += (dzo * c_new).sum(0)
        dWx += x[t].T @ da
        dWh += h.T @ da
        dx[t] = da @ Wx.T
        later = da @ Wh.T
    dc0 = dc_next
"""

PATHS = """
import numpy as np

labels = np.array([0, 1, 0, 2, 0])

def inputs(rng, *, t=6, k=4):
    return {"z": rng.normal(size=(t, k))}

def forward(z):
    e = np.exp(z - z.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    alpha = np.eye(5)[0]
    alphas = [alpha]
    for row in p:
        a = alpha.copy()
        a[1:] += alpha[:-1]
        a[3] += alpha[1]
        alpha = a * row[labels]
        alphas.append(alpha)
    loss = -np.log(alpha[-1] + alpha[-2])
    return loss

def backward(z, p, alphas):
    dp = np.zeros_like(p)
    dalpha = np.zeros(5)
    dalpha[-2:] = -1 / (alphas[-1][-1] + alphas[-1][-2])
    for t in reversed(range(len(z))):
        before = alphas[t]
        into = before.copy()
        into[1:] += before[:-1]
        into[3] += before[1]
        np.add.at(dp[t], labels, dalpha * into)
        da = dalpha * p[t, labels]
        dalpha = da.copy()
        dalpha[:-1] += da[1:]
        dalpha[1] += da[3]
    dz = p * (dp - (p * dp).sum(1, keepdims=True))
"""

CARRIED: dict[str, tuple[str, tuple[Slip, ...]]] = {
    "a gated recurrence": (
        GRU,
        (
            Slip("dx[t] = an + az", "dx[t] = an", "x", "missing-path"),
            Slip("dh * z + an @ Wn.T", "dh * (1 - z) + an @ Wn.T", "h", "wrong-operand"),
        ),
    ),
    "peepholes": (
        PEEPHOLES,
        (
            Slip(" + dzi * pi + dzf * pf", "", "c c0", "missing-path"),
            Slip(" + dzf * pf", "", "c c0", "missing-path"),
            Slip(" + dzo * po", "", "c", "missing-path"),
        ),
    ),
    "paths through labels": (
        PATHS,
        (
            Slip("        dalpha[1] += da[3]\n", "", "alpha", "missing-path"),
            Slip("        dalpha[:-1] += da[1:]\n", "", "alpha", "missing-path"),
        ),
    ),
    "residuals": (
        RESIDUAL,
        (Slip("dh = dh + a @ W.T", "dh = dh + a @ W", "h", "transposed"),),
    ),
}


@pytest.mark.parametrize("name", CARRIED)
def test_right(checked: Checked, name: str) -> None:
    assert_right(checked(CARRIED[name][0]))


@pytest.mark.parametrize(("source", "slip"), a_few(slips(CARRIED)))
def test_wrong(checked: Checked, source: str, slip: Slip) -> None:
    assert_found(checked(slip.within(source)), slip)
