"""Layers as people write them, at sizes that are drawn: the right one passes, and a slip has one
root and a name that is true of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from verdicts import Checked, Slip, assert_found, assert_right, slips

from sweeps import a_few

PADDED = """
import numpy as np

def inputs(rng, *, N=2, L=5):
    return {"x": rng.normal(size=(N, L, L)), "w": rng.normal(size=(3, 3))}

def forward(x, w):
    L = x.shape[1]
    xp = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    y = sum(w[i, j] * xp[:, i:i + L, j:j + L] for i in range(3) for j in range(3))
    return y

def backward(x, w, xp, L, dy):
    dw = np.zeros_like(w)
    dxp = np.zeros_like(xp)
    for i in range(3):
        for j in range(3):
            dw[i, j] = (dy * xp[:, i:i + L, j:j + L]).sum()
            dxp[:, i:i + L, j:j + L] += dy * w[i, j]
    dx = dxp[:, 1:-1, 1:-1]
"""
GROUPS = """
import numpy as np

def inputs(rng, *, N=2, L=3):
    return {"q": rng.normal(size=(2 * N, L, 3)), "k": rng.normal(size=(N, L, 3))}

def forward(q, k):
    share = len(q) // len(k)
    out = np.stack([q[h] @ k[h // share].T for h in range(len(q))])
    return out

def backward(q, k, share, dout):
    dq = np.empty_like(q)
    dk = np.zeros_like(k)
    for h in range(len(q)):
        g = h // share
        dq[h] = dout[h] @ k[g]
        dk[g] += dout[h].T @ q[h]
"""
RECURRENT = """
import numpy as np

def inputs(rng, *, N=3, L=4):
    r = rng.normal
    return {"xs": r(size=(N, L)), "Wx": r(size=(L, 3)) / 2, "Wh": r(size=(3, 3)) / 2,
            "h0": r(size=3)}

def forward(xs, Wx, Wh, h0):
    hs = [h0]
    for t in range(len(xs)):
        hs.append(np.tanh(xs[t] @ Wx + hs[-1] @ Wh))
    out = np.stack(hs[1:])
    return out

def backward(xs, Wx, Wh, h0, hs, dout):
    dWx, dWh, dxs = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(xs)
    later = np.zeros_like(h0)
    for t in reversed(range(len(xs))):
        g = dout[t] + later
        a = g * (1 - hs[t + 1] ** 2)
        dWx += np.outer(xs[t], a)
        dWh += np.outer(hs[t], a)
        dxs[t] = a @ Wx.T
        later = a @ Wh.T
    dh0 = later
"""
NORMED = """
import numpy as np

def inputs(rng, *, N=4, L=5):
    return {"x": rng.normal(size=(N, L)), "gamma": rng.normal(size=L) + 1}

def forward(x, gamma):
    istd = 1 / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    xhat = (x - x.mean(axis=1, keepdims=True)) * istd
    out = gamma * xhat
    return out

def backward(x, gamma, xhat, istd, dout):
    D = x.shape[1]
    dgamma = (dout * xhat).sum(axis=0)
    g = dout * gamma
    total = g.sum(axis=1, keepdims=True)
    dx = istd / D * (D * g - total - xhat * (g * xhat).sum(axis=1, keepdims=True))
"""
SAMPLED = """
import numpy as np
data = ("eps",)

def inputs(rng, *, N=4, L=3):
    r = rng.normal
    return {"mu": r(size=(N, L)), "logvar": r(size=(N, L)), "eps": r(size=(N, L))}

def forward(mu, logvar, eps):
    z = mu + np.exp(0.5 * logvar) * eps
    kl = -0.5 * np.sum(1 + logvar - mu ** 2 - np.exp(logvar)) / len(mu)
    loss = kl + np.sum(np.tanh(z))
    return loss

def backward(mu, logvar, eps, z):
    dz = 1 - np.tanh(z) ** 2
    dmu = dz + mu / len(mu)
    dlogvar = 0.5 * dz * eps * np.exp(0.5 * logvar) + 0.5 * (np.exp(logvar) - 1) / len(mu)
"""
LATTICE = """
import numpy as np

def inputs(rng, *, N=3, L=3):
    return {"em": rng.normal(size=(N, L)), "tr": rng.normal(size=(L, L))}

def forward(em, tr):
    alphas = [em[0]]
    for t in range(1, len(em)):
        alphas.append(np.log(np.exp(alphas[-1][:, None] + tr).sum(0)) + em[t])
    logZ = np.log(np.exp(alphas[-1]).sum())
    return logZ

def backward(em, tr, alphas, logZ, dlogZ):
    dem, dtr = np.zeros_like(em), np.zeros_like(tr)
    a = dlogZ * np.exp(alphas[-1] - logZ)
    for t in range(len(em) - 1, 0, -1):
        dem[t] += a
        w = np.exp(alphas[t - 1][:, None] + tr - (alphas[t] - em[t])[None, :])
        dtr += w * a[None, :]
        a = (w * a[None, :]).sum(axis=1)
    dem[0] += a
"""
SHIFTED = """
import numpy as np

def inputs(rng, *, N=2, L=4):
    return {"x": rng.normal(size=(N, L)), "w": rng.normal(size=(N, 3))}

def forward(x, w):
    L, K = x.shape[1], w.shape[1]
    xp = np.pad(x, ((0, 0), (K - 1, 0)))
    y = sum(w[:, j:j + 1] * xp[:, j:j + L] for j in range(K))
    return y

def backward(x, w, xp, K, L, dy):
    dw = np.stack([(dy * xp[:, j:j + L]).sum(1) for j in range(K)], axis=1)
    dxp = np.zeros_like(xp)
    for j in range(K):
        dxp[:, j:j + L] += dy * w[:, j:j + 1]
    dx = dxp[:, -L:]
"""
DILATED = """
import numpy as np

def inputs(rng, *, N=2, L=5):
    return {"x": rng.normal(size=(N, L)), "w": rng.normal(size=2)}

def forward(x, w):
    d, K = 2, len(w)
    out = x.shape[1] - d * (K - 1)
    y = np.zeros((len(x), out))
    for k in range(K):
        y += w[k] * x[:, k * d:k * d + out]
    return y

def backward(x, w, d, K, out, dy):
    dx = np.zeros_like(x)
    dw = np.zeros_like(w)
    for k in range(K):
        dx[:, k * d:k * d + out] += dy * w[k]
        dw[k] = (dy * x[:, k * d:k * d + out]).sum()
"""
TRANSPOSED = """
import numpy as np

def inputs(rng, *, N=2, L=3):
    return {"x": rng.normal(size=(N, L)), "w": rng.normal(size=(2, 2))}

def forward(x, w):
    H, W = x.shape
    y = np.zeros((2 * H, 2 * W))
    for i in range(H):
        for j in range(W):
            y[2 * i:2 * i + 2, 2 * j:2 * j + 2] += x[i, j] * w
    return y

def backward(x, w, H, W, dy):
    dx = np.zeros_like(x)
    dw = np.zeros_like(w)
    for i in range(H):
        for j in range(W):
            part = dy[2 * i:2 * i + 2, 2 * j:2 * j + 2]
            dx[i, j] = (part * w).sum()
            dw += x[i, j] * part
"""
ATTENDED = """
import numpy as np

def inputs(rng, *, N=3, L=4):
    r = rng.normal
    return {"x": r(size=(N, L)), "A": r(size=(L, L)), "B": r(size=(L, L)), "C": r(size=(L, L))}

def forward(x, A, B, C):
    q, k, v = x @ A, x @ B, x @ C
    e = np.exp(q @ k.T / 2)
    p = e / e.sum(axis=1, keepdims=True)
    out = p @ v
    return out

def backward(x, A, B, C, q, k, v, p, dout):
    dp = dout @ v.T
    dv = p.T @ dout
    ds = p * (dp - (dp * p).sum(axis=1, keepdims=True)) / 2
    dq, dk = ds @ k, ds.T @ q
    dA, dB, dC = x.T @ dq, x.T @ dk, x.T @ dv
    dx = dq @ A.T + dk @ B.T + dv @ C.T
"""
PICTURES = """
import numpy as np

def inputs(rng, *, N=2, L=3):
    r = rng.normal
    return {"x": r(size=(N, 3, L, 2)), "gamma": r(size=3), "beta": r(size=3)}

def forward(x, gamma, beta):
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    istd = 1 / np.sqrt(x.var(axis=(0, 2, 3), keepdims=True) + 1e-5)
    xhat = (x - mean) * istd
    y = gamma[None, :, None, None] * xhat + beta[None, :, None, None]
    return y

def backward(x, gamma, beta, istd, xhat, dy):
    N, C, H, W = x.shape
    m = N * H * W
    dgamma = (dy * xhat).sum(axis=(0, 2, 3))
    dbeta = dy.sum(axis=(0, 2, 3))
    g = dy * gamma[None, :, None, None]
    total = g.sum(axis=(0, 2, 3), keepdims=True)
    dx = istd / m * (m * g - total - xhat * (g * xhat).sum(axis=(0, 2, 3), keepdims=True))
"""
BEHIND_A_MASK = """
import numpy as np

def inputs(rng, *, N=2, L=4):
    keep = np.ones((N, L))
    keep[:, -1] = 0
    return {"h": rng.normal(size=(N, L, 2)), "u": rng.normal(size=2), "keep": keep}

def forward(h, u, keep):
    score = np.where(keep > 0, h @ u, -1e30)
    e = np.exp(score - score.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    out = (p[:, :, None] * h).sum(axis=1)
    return out

def backward(h, u, p, dout):
    dp = h @ dout[:, :, None]
    dp = dp[:, :, 0]
    dh = p[:, :, None] * dout[:, None, :]
    dscore = p * (dp - (dp * p).sum(axis=1, keepdims=True))
    du = (dscore[:, :, None] * h).sum(axis=(0, 1))
    dh += dscore[:, :, None] * u
"""

LAYERS = {
    "a batch norm of pictures": (
        PICTURES,
        (
            Slip("m = N * H * W", "m = N", "x", "unnormalised"),
            Slip("m = N * H * W", "m = H * W", "x", "unnormalised"),
            Slip("dy.sum(axis=(0, 2, 3))", "dy.sum(axis=(0, 2))", "beta", "missing-reduction"),
            Slip("xhat).sum(axis=(0, 2, 3))", "xhat).sum(axis=3)", "gamma", "missing-reduction"),
        ),
    ),
    "attention behind a mask": (
        BEHIND_A_MASK,
        (
            Slip(
                "(dp - (dp * p).sum(axis=1, keepdims=True))",
                "(1 - p) * dp",
                "score",
                "softmax-diagonal",
            ),
            Slip("dh += dscore", "dh = dscore", "h", "overwritten"),
        ),
    ),
    "a picture with a margin": (
        PADDED,
        (
            Slip("dxp[:, 1:-1, 1:-1]", "dxp[:, :-2, :-2]", "x", "wrong-index"),
            Slip("dxp[:, 1:-1, 1:-1]", "dxp[:, 2:, 2:]", "x", "wrong-index"),
            Slip("j:j + L] += dy", "j:j + L] = dy", "xp", "overwritten"),
        ),
    ),
    "a causal convolution": (
        SHIFTED,
        (
            Slip("dxp[:, -L:]", "dxp[:, :L]", "x", "wrong-index"),
            Slip("dy * w[:, j:j + 1]", "dy * w[:, K - 1 - j:K - j]", "xp", "wrong-index"),
        ),
    ),
    "a dilated convolution": (
        DILATED,
        (
            Slip("dy * x[:, k * d:k * d + out]", "dy * x[:, k:k + out]", "w", "wrong-index"),
            Slip("dx[:, k * d:k * d + out]", "dx[:, k:k + out]", "x", "wrong-index"),
            Slip("dy * w[k]", "dy * w[K - 1 - k]", "x", "wrong-index"),
        ),
    ),
    "a transposed convolution": (
        TRANSPOSED,
        (
            Slip("dy[2 * i:2 * i + 2, 2 * j:2 * j", "dy[i:i + 2, j:j", "x w", "wrong-index"),
            Slip("part = dy[2 * i:2 * i", "part = dy[i:i", "x w", "wrong-index"),
        ),
    ),
    "attention": (
        ATTENDED,
        (
            Slip("dv = p.T", "dv = dp.T", "v", "wrong-operand"),
            Slip("dq @ A.T + dk @ B.T", "dq @ B.T + dk @ A.T", "x", "swapped"),
        ),
    ),
    "heads that share": (GROUPS, (Slip("g = h // share", "g = h % len(k)", "q k", "wrong-index"),)),
    "a recurrent net": (
        RECURRENT,
        (
            Slip("dh0 = later", "dh0 = g", "h0", "wrong-upstream"),
            Slip("g = dout[t] + later", "g = dout[t]", "Wx Wh xs h0", "missing-path"),
            Slip("dWh += np", "dWh = np", "Wh", "overwritten"),
        ),
    ),
    "a layer norm": (
        NORMED,
        (
            Slip("(D * g - total", "(g - total", "x", "factor"),
            Slip("istd / D * (", "1 / D * (", "x", "missing-local"),
            Slip("istd / D * (", "istd * (", "x", "unnormalised"),
            Slip(" - total - xhat", " - xhat", "x", "missing-path"),
            Slip("g.sum(axis=1", "g.sum(axis=0", "x", "wrong-axis"),
            Slip("g = dout * gamma", "g = dout", "x", "missing-local"),
        ),
    ),
    "a sample of a normal distribution": (
        SAMPLED,
        (
            Slip("np.exp(0.5 * logvar) + 0.5", "np.exp(logvar) + 0.5", "logvar", "wrong-exponent"),
            Slip("dmu = dz + mu / len(mu)", "dmu = dz", "mu", "missing-path"),
        ),
    ),
    "a lattice": (
        LATTICE,
        (
            Slip("dtr += w * a[None, :]", "dtr += w", "tr", "missing-upstream"),
            Slip("dtr += w", "dtr = w", "tr", "overwritten"),
        ),
    ),
}
few = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
sizes = st.tuples(st.integers(2, 3), st.integers(3, 6))


def _at(source: str, at: tuple[int, int]) -> str:
    return re.sub(r"N=\d, L=\d", f"N={at[0]}, L={at[1]}", source)


@pytest.mark.parametrize("name", LAYERS)
@few
@given(at=sizes)
def test_right(checked: Checked, name: str, at: tuple[int, int]) -> None:
    assert_right(checked(_at(LAYERS[name][0], at)))


@pytest.mark.parametrize(("source", "slip"), a_few(slips(LAYERS)))
@few
@given(at=sizes)
def test_wrong(checked: Checked, source: str, slip: Slip, at: tuple[int, int]) -> None:
    assert_found(checked(_at(slip.within(source), at)), slip)
