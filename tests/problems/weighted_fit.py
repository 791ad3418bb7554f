"""A weighted least-squares fit, softplus weights, a penalty: many small elementwise steps."""

import numpy as np

data = ("x", "y")


def inputs(rng, *, n=10, features=4):
    return {
        "x": rng.normal(size=(n, features)),
        "y": rng.normal(size=n),
        "w": rng.normal(size=features),
        "c": rng.normal(size=n),
        "tau": np.array(0.8),
    }


def forward(x, y, w, c, tau):
    n = len(y)
    fit = x @ w
    r = fit - y
    u = np.exp(c / tau)
    s = np.log(1 + u)
    total = s.sum()
    p = s / total
    sq = r**2
    weighted = p * sq
    risk = weighted.sum()
    size = np.sqrt((w**2).sum() + 1e-6)
    spread = ((p - 1 / n) ** 2).mean()
    loss = risk + 0.3 * size + 2 * spread
    return loss


def backward(x, w, c, tau, r, u, s, total, p, sq, size):
    n = len(r)
    dspread = 2.0
    dsize = 0.3
    dweighted = np.ones(n)
    dp = dweighted * sq
    dp += dspread * 2 * (p - 1 / n) / n
    dsq = dweighted * p
    dtotal = -(dp * s).sum() / total**2
    ds = dp / total + dtotal
    du = ds / (1 + u)
    dc = du * u / tau
    dtau = -(du * u * c).sum() / tau**2
    dr = dsq * 2 * r
    dfit = dr.copy()
    dw = x.T @ dfit
    dw += dsize * w / size
