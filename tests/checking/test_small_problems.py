"""Small problems as people write them: right ones pass, a mistake is blamed on its row, and the
name that it gets is true of it."""

from __future__ import annotations

import pytest
from verdicts import Checked, Slip, assert_found, assert_right, slips

from sweeps import a_few

SHIFTED = """
import numpy as np

def inputs(rng, *, t=4, d=3):
    return {"q": rng.normal(size=(t, d)), "k": rng.normal(size=(t, d)), "b": rng.normal(size=t)}

def forward(q, k, b):
    s = q @ k.T / np.sqrt(q.shape[1]) + b
    s = s - s.max(-1, keepdims=True)
    e = np.exp(s)
    p = e / e.sum(-1, keepdims=True)
    return p

def backward(dp, q, k, p):
    inner = dp * p
    ds = inner - p * inner.sum(-1, keepdims=True)
    db = ds.sum(0)
    ds = ds / np.sqrt(q.shape[1])
    dq = ds @ k
    dk = ds.T @ q
"""

RMS = """
import torch

def inputs(rng, *, b=2, t=3, c=5):
    return {"x": torch.from_numpy(rng.normal(size=(b, t, c)))}

def forward(x):
    ms = x.square().mean(dim=-1, keepdim=True)
    r = torch.rsqrt(ms + 1e-6)
    y = x * r
    return y

def backward(x, r, dy):
    dot = (dy * x).sum(dim=-1, keepdim=True)
    dx = dy.mul(r)
    dx.sub_(x * r.pow(3) * dot / x.shape[-1])
"""

KEPT = """
import torch

def inputs(rng, *, n=6, v=5):
    y = rng.integers(0, v, n)
    y[n // 2] = -100
    return {"x": torch.from_numpy(rng.normal(size=(n, v))), "y": torch.from_numpy(y)}

def forward(x, y):
    keep = y != -100
    count = keep.sum()
    safe = y.clamp(min=0)
    logp = torch.log_softmax(x, dim=1)
    nll = -logp.gather(1, safe[:, None]).squeeze(1)
    loss = (nll * keep).sum() / count
    return loss

def backward(y, keep, count, safe, logp):
    g = logp.exp()
    g[torch.arange(len(y)), safe] -= 1
    g[~keep] = 0
    g.div_(count)
    dx = g
"""

BOUND_AGAIN = """
import numpy as np
data = ("x",)

def inputs(rng, *, n=4, d=3, h=5):
    return {"x": rng.normal(size=(n, d)), "W": rng.normal(size=(d, h)), "b": rng.normal(size=h)}

def forward(x, W, b):
    h = x @ W
    h = h + b
    h = np.tanh(h)
    loss = (h ** 2).sum()
    return loss

def backward(x, h):
    dh = 2 * h
    dh = dh * (1 - h * h)
    dW = x.T @ dh
    db = dh.sum(axis=0)
"""

TRIPLET = """
import numpy as np

def inputs(rng, *, n=5, d=3):
    return {"a": rng.normal(size=(n, d)), "p": rng.normal(size=(n, d)), "w": np.ones(d)}

def forward(a, p, w):
    m = 0.5
    far = ((a - p) ** 2 * w).sum(1) - m
    loss = np.maximum(far, 0).sum()
    return loss

def backward(a, p, w, far):
    active = (far > 0)[:, None]
    da = 2 * w * active * (a - p)
    dp = -2 * w * active * (a - p)
    dw = ((a - p) ** 2 * active).sum(0)
"""

CLAMPED = """
import torch

def inputs(rng, *, n=8):
    x, w = torch.from_numpy(rng.normal(size=(2, n)))
    return {"x": 2 * x, "w": w}

def forward(x, w):
    y = x.clamp(-1, 1) * w + 0.1 * (w * w)
    return y

def backward(x, w, dy):
    dw = dy * x.clamp(-1, 1) + 0.2 * dy * w
    dx = dy * w
    dx[(x < -1) | (x > 1)] = 0
"""

HEADS = """
import torch

def inputs(rng, *, t=3, h=2, e=2):
    x, W = rng.normal(size=(t, h * e)), rng.normal(size=(h * e, 3 * h * e))
    return {"x": torch.from_numpy(x), "W": torch.from_numpy(W), "h": h}

def forward(x, W, h):
    t, c = x.shape
    q, k, v = (x @ W).split(c, dim=1)
    q = q.view(t, h, c // h).transpose(0, 1)
    k = k.view(t, h, c // h).transpose(0, 1)
    v = v.view(t, h, c // h).transpose(0, 1)
    att = (q @ k.transpose(-2, -1)) * (c // h) ** -0.5
    att = att.masked_fill(torch.triu(torch.ones(t, t), 1).bool(), float("-inf"))
    att = torch.softmax(att, dim=-1)
    y = att @ v
    return y

def backward(x, W, h, q, k, v, att, dy):
    t, c = x.shape
    dv = att.transpose(-2, -1) @ dy
    datt = dy @ v.transpose(-2, -1)
    datt = att * (datt - (datt * att).sum(-1, keepdim=True))
    datt = datt * (c // h) ** -0.5
    dq = datt @ k
    dk = datt.transpose(-2, -1) @ q
    dqkv = torch.cat([d.transpose(0, 1).reshape(t, c) for d in (dq, dk, dv)], dim=1)
    dW = x.T @ dqkv
    dx = dqkv @ W.T
"""

STEPS = """
import numpy as np
data = ("x", "t")

def inputs(rng, *, n=4, d=3, h=5, k=2):
    shapes = {"x": (n, d), "t": (n, k), "W1": (d, h), "W2": (h, k)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}

def forward(x, t, W1, W2):
    a = np.tanh(x @ W1)
    o = a @ W2
    loss = ((o - t) ** 2).mean()
    return loss

def backward(x, t, W1, W2, a, o):
    do = 2 * (o - t) / o.size
    dW2 = a.T @ do
    dW1 = x.T @ (do @ W2.T * (1 - a**2))
    for w, dw in zip((W1, W2), (dW1, dW2)):
        w -= 0.1 * dw
"""

GIVEN = """
import torch

def inputs(rng, *, n=3, k=4):
    x, w = torch.from_numpy(rng.normal(size=(2, n, k)))
    return {"x": x, "w": w}

def forward(x, w):
    s = torch.sigmoid(x)
    out = s * w
    return out

def backward(dout, s, w):
    ds = dout * w
    dw = dout * s
    dx = ds * s * (1 - s)
"""

WEIGHTED = """
import numpy as np
data = ("y", "pw")

def inputs(rng, *, n=5, k=3):
    y = (rng.random((n, k)) > 0.5).astype(float)
    return {"z": rng.normal(size=(n, k)), "y": y, "pw": rng.random(k) + 1}

def forward(z, y, pw):
    w = 1 + (pw - 1) * y
    soft = np.log1p(np.exp(-z))
    loss = ((1 - y) * z + w * soft).mean()
    return loss

def backward(z, y, pw, w):
    s = 1 / (1 + np.exp(-z))
    dz = ((1 - y) + w * (s - 1)) / z.size
"""

NORMED = """
import numpy as np

def inputs(rng, *, o=3, i=4):
    return {"v": rng.normal(size=(o, i)), "g": rng.normal(size=(o, 1))}

def forward(v, g):
    norm = np.sqrt(np.sum(v**2, axis=1, keepdims=True))
    w = g * v / norm
    return w

def backward(dw, v, g, norm):
    dg = np.sum(dw * v / norm, axis=1, keepdims=True)
    dv = g / norm * dw - g * dg / norm**2 * v
"""

SEGMENTS = """
import numpy as np

def inputs(rng, *, n=7, s=3, d=2):
    ids = rng.integers(0, s, n)
    return {"x": rng.normal(size=(n, d)), "ids": ids, "w": rng.normal(size=(s, d))}

def forward(x, ids, w):
    total = np.zeros(w.shape)
    np.add.at(total, ids, x)
    np.subtract.at(total, ids[:2], 2.0)
    count = np.maximum(np.bincount(ids, minlength=len(w)), 1)[:, None]
    out = total / count * w
    return out

def backward(dout, ids, w, total, count):
    dw = dout * total / count
    dtotal = dout * w / count
    dx = dtotal[ids]
"""

ROWS = """
import numpy as np

def inputs(rng, *, n=3, c=4):
    return {"x": rng.normal(size=(n, c)), "b": rng.normal(size=c)}

def forward(x, b):
    out = x + b
    return out

def backward(dout):
    n, c = dout.shape
    dx, db = np.zeros((n, c)), np.zeros(c)
    for r in range(n):
        for i in range(c):
            dx[r, i] = dout[r, i]
            db[i] += dout[r, i]
"""

LABELS = """
import numpy as np

def inputs(rng, *, n=4, k=3):
    return {"z": rng.normal(size=(n, k)), "y": rng.integers(0, k, n)}

def forward(z, y):
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).sum()
    return loss

def backward(p, y):
    dz = p.copy()
    for i, c in enumerate(y):
        dz[i, c] -= 1
"""

UNNAMED = """
import numpy as np

data = ("x",)

def inputs(rng, *, n=5, d=3, k=4):
    draw = rng.normal
    return {"x": draw(size=(n, d)), "W": draw(size=(d, k)), "V": draw(size=(k, 2))}

def forward(x, W, V):
    z = x @ W
    a = np.where(z > 0, z, 0.1 * z)
    h = np.tanh(a)
    out = h @ V
    cache = {"x": x, "z": z, "a": a, "h": h, "V": V, "out": out}
    loss = (out**2).sum()
    return loss

def backward(cache):
    g = 2 * cache["out"]
    dV = cache["h"].T @ g
    delta = (g @ cache["V"].T) * (1 - np.power(cache["h"], 2))
    delta[cache["z"] < 0] *= 0.1
    dW = cache["x"].T @ delta
"""

WEIGHTED_SUM = """
import numpy as np

def inputs(rng, *, k=3, n=4):
    return {"xs": [rng.normal(size=n) for _ in range(k)], "w": rng.normal(size=k)}

def forward(xs, w):
    y = sum(wi * x for wi, x in zip(w, xs))
    return y

def backward(dy, xs, w):
    dxs = [wi * dy for wi in w]
    dw = np.array([dy @ x for x in xs])
"""

RETURNED = """
import numpy as np

def inputs(rng, *, n=4, d=3):
    return {"x": rng.normal(size=(n, d)), "w": rng.normal(size=d)}

def forward(x, w):
    y = np.tanh(x * w)
    return y

def backward(dy, x, w, y):
    du = dy * (1 - y * y)
    dx = du * w
    return {"x": dx, "dw": (du * x).sum(0)}
"""

PROBLEMS: dict[str, tuple[str, tuple[Slip, ...]]] = {
    # Forward binds s twice and so does backward, but not for the same values.
    "a name bound again": (
        SHIFTED,
        (
            Slip("inner.sum(-1, keep", "inner.sum(0, keep", "s", "wrong-axis"),
            Slip("dk = ds.T @ q", "dk = ds @ q", "k", "transposed"),
        ),
    ),
    # Forward binds h three times, backward dh twice.
    "a name bound more often": (
        BOUND_AGAIN,
        (Slip("(1 - h * h)", "(1 + h * h)", "h", "sign"),),
    ),
    "heads": (
        HEADS,
        (
            Slip("datt.transpose(-2, -1) @ q", "datt @ q", "k", "transposed"),
            Slip("* att).sum(-1,", "* att).sum(-2,", "att", "wrong-axis"),
        ),
    ),
    "steps of weights": (
        STEPS,
        (Slip("2 * (o - t) / o.size", "2 * o / o.size", "o", "missing-local"),),
    ),
    "a gradient changed by a method": (
        GIVEN,
        (Slip("dout * w", "dout.mul_(w)", "w", "aliased"),),
    ),
    "a local that is no count": (
        WEIGHTED,
        (Slip("w * (s - 1)", "w * s", "z", "missing-local"),),
    ),
    "a norm and its square": (NORMED, (Slip("norm**2", "norm", "v", "wrong-exponent"),)),
    "segments": (
        SEGMENTS,
        (Slip("dtotal = dout * w / count", "dtotal = dout * w", "total", "missing-local"),),
    ),
    "row by row": (ROWS, (Slip("db[i] +=", "db[i] =", "b", "overwritten"),)),
    "labels in a loop": (LABELS, (Slip("p.copy()", "p.copy() / len(y)", "z", "mean-for-sum"),)),
    "gradients without a name": (
        UNNAMED,
        (
            Slip('(g @ cache["V"].T) * (1', "(1", "W", "missing-upstream"),
            Slip('np.power(cache["h"], 2)', 'np.power(cache["a"], 2)', "W", "wrong-operand"),
            Slip("*= 0.1", "= 0.1", "W", "missing-upstream"),
        ),
    ),
    "a returned dict": (
        RETURNED,
        (
            Slip("du * w", "du * x", "x", "wrong-operand"),
            Slip("(du * x).sum(0)", "(du * x).mean(0)", "w", "mean-for-sum"),
        ),
    ),
    "rows that count for nothing": (
        TRIPLET,
        (
            Slip("dp = -2 * w", "dp = -w", "p", "factor"),
            Slip("da = 2 * w", "da = 2 * (1 / w)", "a", "wrong-exponent"),
        ),
    ),
    "bounds": (
        CLAMPED,
        (
            Slip("(x < -1) | (x > 1)", "x > 1", "x", "unknown"),
            Slip("+ 0.2 * dy", "+ 0.1 * dy", "w", "factor"),
        ),
    ),
    "a power as a method": (RMS, (Slip("r.pow(3)", "r.pow(2)", "x", "wrong-exponent"),)),
    "a count of labels": (KEPT, (Slip("div_(count)", "div_(len(y))", "x", "unnormalised"),)),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_right(checked: Checked, name: str) -> None:
    assert_right(checked(PROBLEMS[name][0]))


@pytest.mark.parametrize(("source", "slip"), a_few(slips(PROBLEMS)))
def test_wrong(checked: Checked, source: str, slip: Slip) -> None:
    assert_found(checked(slip.within(source)), slip)


def test_the_middle_of_a_list_is_right_at_one_size_only(checked: Checked) -> None:
    report = checked(WEIGHTED_SUM.replace("in w]", "in w[::-1]]"))
    assert report.roots == ("xs[0]", "xs[1]", "xs[2]")
    codes = {row.mistake.code for row in report.rows if row.mistake is not None}
    assert codes == {"unknown"}
