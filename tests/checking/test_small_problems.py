"""Small problems as people write them: right ones pass, a mistake is blamed on its row, and the
name that it gets is true of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from verdicts import Checked, assert_right


@dataclass(frozen=True)
class Slip:
    """What stands in place of a right part; the root that it makes; the name it must get."""

    right: str
    wrong: str
    root: str
    code: str


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
SLIPS = [
    pytest.param(source, slip, id=f"{name}: {slip.wrong.strip()}")
    for name, (source, slips) in PROBLEMS.items()
    for slip in slips
]


@pytest.mark.parametrize("name", PROBLEMS)
def test_right(checked: Checked, name: str) -> None:
    assert_right(checked(PROBLEMS[name][0]))


@pytest.mark.parametrize(("source", "slip"), SLIPS)
def test_wrong(checked: Checked, source: str, slip: Slip) -> None:
    assert source.count(slip.right) == 1
    report = checked(source.replace(slip.right, slip.wrong))
    assert report.roots == (slip.root,)
    mistakes = [row.mistake for row in report.rows if row.mistake is not None]
    assert [mistake.code for mistake in mistakes] == [slip.code], mistakes
