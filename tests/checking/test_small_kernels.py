"""Slips in an order, a place or an operand: the mistake is named, or else the part is shown."""

from __future__ import annotations

import pytest
from verdicts import Checked, Slip, assert_found, assert_right, slips

HIDDEN = """
import numpy as np

def inputs(rng, *, n=6, k=5, c=4):
    return {"x": rng.normal(size=(n, k)), "W": rng.normal(size=(k, c))}

def forward(x, W):
    h = np.tanh(x @ W)
    loss = (h**2).sum()
    return loss

def backward(x, W, h):
    dh = 2 * h
    dx = (dh * (1 - h**2)) @ W.T
    dW = x.T @ (dh * (1 - h**2))
"""

AFFINE_LISTS = """
import numpy as np

def inputs(rng, *, n=5, k=4):
    return {"x": rng.normal(size=(n, k)), "Ws": [rng.normal(size=(k, k)) / 2 for _ in range(3)]}

def forward(x, Ws):
    hs = [x]
    for W in Ws:
        hs.append(np.tanh(hs[-1] @ W))
    loss = hs[-1].sum()
    return loss

def backward(Ws, hs):
    g = np.ones_like(hs[-1])
    dWs = [None] * len(Ws)
    for i, (W, before, after) in reversed(list(enumerate(zip(Ws, hs, hs[1:])))):
        g = g * (1 - after**2)
        dWs[i] = before.T @ g
        g = g @ W.T
    dx = g
"""

BOUND_AGAIN = """
import numpy as np

def inputs(rng, *, n=5, k=3):
    return {"x": rng.normal(size=(n, k)), "b": rng.normal(size=k)}

def forward(x, b):
    h = x * 2
    h = np.tanh(h)
    h = h + b
    h = h**2
    loss = h.sum()
    return loss

def backward(x, b):
    t = np.tanh(x * 2)
    h = t + b
    dh = np.ones_like(x)
    dh = 2 * h * dh
    db = dh.sum(0)
    dh = dh * (1 - t * t)
    dx = 2 * dh
"""

CARRIED = """
import numpy as np

def sig(z):
    return 1 / (1 + np.exp(-z))

def inputs(rng, *, t=3, k=4):
    return {"x": rng.normal(size=(t, k)), "w": rng.normal(size=k), "v": rng.normal(size=k)}

def forward(x, w, v):
    c = np.zeros(len(w))
    kept = []
    for t in range(len(x)):
        f, i = sig(w * x[t]), np.tanh(v * x[t])
        before = c
        c = f * before + i
        kept.append((f, i, before))
    loss = (c**2).sum()
    return loss

def backward(x, w, v, c, kept):
    dx, dw, dv = np.zeros_like(x), np.zeros_like(w), np.zeros_like(v)
    carry = 2 * c
    for t in range(len(x))[::-1]:
        f, i, before = kept[t]
        da = carry * before * f * (1 - f)
        de = carry * (1 - i**2)
        dx[t] = da * w + de * v
        dw += da * x[t]
        dv += de * x[t]
        carry = carry * f
"""

POOLED = """
import torch

def inputs(rng, *, n=2, c=3, k=4):
    return {"x": torch.tensor(rng.normal(size=(n, c, 2 * k, 2 * k)))}

def forward(x):
    y = torch.nn.functional.avg_pool2d(x, 2)
    return y

def backward(dy):
    dx = dy.repeat_interleave(2, -2).repeat_interleave(2, -1) / 4
"""

GROUPS = """
import torch

def inputs(rng, *, kv=2, each=3, t=4, d=5):
    return {
        "q": torch.tensor(rng.normal(size=(kv * each, t, d))),
        "k": torch.tensor(rng.normal(size=(kv, t, d))),
    }

def forward(q, k):
    each = q.shape[0] // k.shape[0]
    kk = k.repeat_interleave(each, dim=0)
    out = q * kk
    return out

def backward(q, k, kk, each, dout):
    kv, t, d = k.shape
    dq = dout * kk
    dkk = dout * q
    dk = dkk.reshape(kv, each, t, d).sum(1)
"""

ROTARY = """
import numpy as np

def inputs(rng, *, t=4, d=3):
    return {"x": rng.normal(size=(t, 2 * d)), "a": rng.normal(size=(t, d))}

data = ("a",)

def forward(x, a):
    cos, sin = np.cos(a), np.sin(a)
    x1, x2 = x[:, 0::2], x[:, 1::2]
    out = np.empty_like(x)
    out[:, 0::2] = x1 * cos - x2 * sin
    out[:, 1::2] = x1 * sin + x2 * cos
    return out

def backward(dout, cos, sin):
    g1, g2 = dout[:, 0::2], dout[:, 1::2]
    dx = np.empty_like(dout)
    dx[:, 0::2] = g1 * cos + g2 * sin
    dx[:, 1::2] = g2 * cos - g1 * sin
"""

INSTANCE_NORM = """
import numpy as np

def inputs(rng, *, n=2, c=3, h=4, w=5):
    return {"x": rng.normal(size=(n, c, h, w)), "gamma": rng.normal(size=(1, c, 1, 1))}

def forward(x, gamma):
    ax = (2, 3)
    xc = x - x.mean(ax, keepdims=True)
    s = np.sqrt((xc**2).mean(ax, keepdims=True) + 1e-5)
    xh = xc / s
    y = gamma * xh
    return y

def backward(dy, gamma, s, xh):
    axes = (2, 3)
    dgamma = (dy * xh).sum((0, 2, 3), keepdims=True)
    g = dy * gamma
    dx = (g - g.mean(axes, keepdims=True) - xh * (g * xh).mean(axes, keepdims=True)) / s
"""

SIGMOID = """
import numpy as np

def inputs(rng, *, n=4, k=3):
    return {"x": rng.normal(size=(n, k)), "w": np.zeros(k)}

def forward(x, w):
    z = x @ w
    p = 1 / (1 + np.exp(-z))
    loss = (p**2).sum()
    return loss

def backward(x, w, p):
    dp = 2 * p
    dz = dp * p * (1 - p)
    dw = x.T @ dz
    dx = np.outer(dz, w)
"""

GAIN = """
import numpy as np

def inputs(rng, *, n=4, k=5):
    return {"x": rng.normal(size=(n, k)), "gain": np.ones(k), "W": rng.normal(size=(k, k, k))}

def forward(x, gain, W):
    h = np.maximum(x, 0)
    y = np.einsum("nd,dek,ne->nk", gain * h, W, x)
    return y

def backward(dy, x, gain, W, h):
    right = np.einsum("nk,dek,ne->nd", dy, W, x)
    dgain = (right * h).sum(0)
    dh = right * gain
    dW = np.einsum("nk,nd,ne->dek", dy, gain * h, x)
    dx = dh * (x > 0) + np.einsum("nk,dek,nd->ne", dy, W, gain * h)
"""

CONVOLVED = """
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

def inputs(rng, *, n=8, k=3):
    return {"x": rng.normal(size=n), "h": rng.normal(size=k)}

def forward(x, h):
    y = np.convolve(x, h, mode="valid")
    return y

def backward(x, h, dy):
    dx = np.convolve(dy, np.flip(h), mode="full")
    dh = (sliding_window_view(x, len(dy)) @ dy)[::-1]
"""

PICTURES = """
import numpy as np

def inputs(rng, *, n=3, c=2, h=2, w=4):
    return {"x": rng.normal(size=(n, c, h, w))}

def forward(x):
    var = x.var(axis=(0, 2, 3), keepdims=True)
    y = (x - x.mean(axis=(0, 2, 3), keepdims=True)) / np.sqrt(var + 1e-5)
    return y

def backward(x, var, y, dy):
    m = x.shape[0] * x.shape[2] * x.shape[3]
    first, second = (g.sum(axis=(0, 2, 3), keepdims=True) / m for g in (dy, dy * y))
    dx = (dy - first - y * second) / np.sqrt(var + 1e-5)
"""

WEIGHTED = """
import numpy as np
data = ("weight",)

def inputs(rng, *, n=6, k=4):
    return {"x": rng.normal(size=(n, k)), "y": rng.integers(0, k, n), "weight": rng.normal(size=n)}

def forward(x, y, weight):
    logp = x - np.log(np.exp(x).sum(1, keepdims=True))
    loss = -(logp[np.arange(len(y)), y] * weight).mean()
    return loss

def backward(x, y, weight, logp):
    chosen = np.eye(x.shape[1])[y]
    dx = (np.exp(logp) - chosen) * weight[:, None] / len(y)
"""

PROBLEMS = {
    "a mean over all but the channels": (
        PICTURES,
        (Slip("x.shape[0] * x.shape[2] * x.shape[3]", "x.shape[0]", "x", "unnormalised"),),
    ),
    "a weight for each row": (
        WEIGHTED,
        (Slip(" * weight[:, None]", "", "x", "missing-local"),),
    ),
    "an operand of a matrix product": (
        HIDDEN,
        (Slip("dx = (dh * (1 - h**2)) @ W.T", "dx = dh @ W.T", "x", "missing-local"),),
    ),
    "a value bound by a loop": (
        AFFINE_LISTS,
        (Slip("before.T @ g", "after.T @ g", "Ws[0] Ws[1] Ws[2]", "wrong-operand"),),
    ),
    "a local, twice in a product": (
        BOUND_AGAIN,
        (Slip("(1 - t * t)", "(1 - h * h)", "h", "wrong-operand"),),
    ),
    "what goes from step to step": (
        CARRIED,
        (Slip("carry = carry * f", "carry = carry", "x w v", "missing-local"),),
    ),
    "a convolution": (
        CONVOLVED,
        (Slip("[::-1]", "", "h", "wrong-index"),),
    ),
    "copies": (
        POOLED,
        (
            Slip(
                "dy.repeat_interleave(2, -2).repeat_interleave(2, -1)",
                "dy.repeat(1, 1, 2, 2)",
                "x",
                "wrong-index",
            ),
        ),
    ),
    "groups": (
        GROUPS,
        (
            Slip("(kv, each, t, d).sum(1)", "(each, kv, t, d).sum(0)", "k", "wrong-index"),
            Slip("dkk.reshape(kv, each, t, d).sum(1)", "dkk[::each]", "k", "missing-reduction"),
        ),
    ),
    "halves": (ROTARY, (Slip("g1, g2 = dout", "g2, g1 = dout", "x", "swapped"),)),
    "axes with a name": (
        INSTANCE_NORM,
        (Slip("axes = (2, 3)", "axes = (0, 2, 3)", "x", "wrong-axis"),),
    ),
    "a slope at zero": (
        SIGMOID,
        (Slip("dp * p * (1 - p)", "dp * 0.25", "z", "missing-local"),),
    ),
    "parts": (
        GAIN,
        (
            Slip("(right * h)", "(right * gain * h)", "gain", "unknown"),
            Slip("(x > 0)", "(x <= 0)", "x", "sign"),
        ),
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_right(checked: Checked, name: str) -> None:
    assert_right(checked(PROBLEMS[name][0]))


@pytest.mark.parametrize(("source", "slip"), slips(PROBLEMS))
def test_wrong(checked: Checked, source: str, slip: Slip) -> None:
    assert_found(checked(slip.within(source)), slip)


@pytest.mark.parametrize(
    ("right", "wrong", "part", "said"),
    [
        ("(right * h)", "(right * gain * h)", "gain", "without `gain` the line is right"),
        ("(x > 0)", "(x <= 0)", "x <= 0", "`x <= 0` is the wrong way round"),
        ("nk,dek,nd->ne", "nk,dek,nd->nd", "'nk,dek,nd->nd'", "is wrong: the rest"),
    ],
)
def test_the_part_that_is_wrong_is_shown(
    checked: Checked, right: str, wrong: str, part: str, said: str
) -> None:
    report = checked(GAIN.replace(right, wrong))
    (name,) = report.roots
    row = report[name]
    assert row.mistake is not None
    assert said in row.mistake.message
    assert row.span is not None
    assert row.source[slice(*row.span)].replace('"', "'") == part
