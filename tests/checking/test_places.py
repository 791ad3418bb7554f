"""Slips in which part, side or group something goes to: the mistake is named."""

from __future__ import annotations

import pytest
from verdicts import Checked, Slip, assert_found, assert_right, slips

from sweeps import a_few

GATED = """
import torch

def inputs(rng, *, n=5, k=4):
    return {"x": torch.tensor(rng.normal(size=(n, 2 * k)))}

def forward(x):
    k = x.shape[1] // 2
    a = x[:, :k]
    g = torch.sigmoid(x[:, k:])
    y = a * g
    return y

def backward(dy, a, g):
    dx = torch.cat([dy * g, dy * a * g * (1 - g)], dim=1)
"""

PAIRS = """
import numpy as np

def inputs(rng, *, t=5, h=3):
    return {"x": rng.normal(size=(t, 2 * h)), "c": rng.normal(size=(t, h))}

def forward(x, c):
    y = np.empty_like(x)
    y[:, 0::2] = x[:, 0::2] * c - x[:, 1::2]
    y[:, 1::2] = x[:, 0::2] + x[:, 1::2] * c
    return y

def backward(dy, x, c):
    dx = np.empty_like(x)
    even, odd = dy[:, 0::2], dy[:, 1::2]
    dx[:, 0::2] = even * c + odd
    dx[:, 1::2] = odd * c - even
    dc = even * x[:, 0::2] + odd * x[:, 1::2]
"""

BETWEEN = """
import numpy as np

def inputs(rng, *, n=6, m=5):
    return {"table": rng.normal(size=n), "q": rng.random(m) * (n - 1.01)}

def forward(table, q):
    i = np.floor(q).astype(int)
    f = q - i
    y = (1 - f) * table[i] + f * table[i + 1]
    return y

def backward(dy, table, i, f):
    dtable = np.zeros_like(table)
    np.add.at(dtable, i, (1 - f) * dy)
    np.add.at(dtable, i + 1, f * dy)
    dq = dy * (table[i + 1] - table[i])
"""

CROPPED = """
import numpy as np

def inputs(rng, *, n=5, k=6):
    return {"x": rng.normal(size=(n, k))}

def forward(x):
    y = np.exp(x[1:, 1:-2])
    return y

def backward(dy, y):
    dx = np.pad(dy * y, ((1, 0), (1, 2)))
"""

HEADS = """
import numpy as np

def inputs(rng, *, b=2, kv=2, g=3, t=4, d=3):
    return {"q": rng.normal(size=(b, kv * g, t, d)), "k": rng.normal(size=(b, kv, t, d))}

def forward(q, k):
    r = np.repeat(k, q.shape[1] // k.shape[1], axis=1)
    s = q @ r.swapaxes(-1, -2)
    return s

def backward(ds, q, k, r):
    b, h, t, d = q.shape
    kv = k.shape[1]
    dq = ds @ r
    dr = ds.swapaxes(-1, -2) @ q
    dk = dr.reshape(b, kv, h // kv, t, d).sum(2)
"""

MASKED = """
import numpy as np

def inputs(rng, *, n=6, c=5):
    return {"z": rng.normal(size=(n, c)), "keep": np.arange(n) % 3 != 1}

def forward(z, keep):
    loss = (np.log(np.exp(z).sum(1)) * keep).sum() / keep.sum()
    return loss

def backward(z, keep):
    n = len(z)
    dz = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    dz *= (keep / keep.sum())[:, None]
"""

DICE = """
import numpy as np

def inputs(rng, *, n=8):
    return {"p": rng.random(n), "t": (rng.random(n) < 0.5).astype(float)}

data = ("t",)

def forward(p, t):
    both = (p * t).sum()
    total = p.sum() + t.sum()
    loss = 1 - (2 * both + 1) / (total + 1)
    return loss

def backward(t, both, total):
    dboth = -2 / (total + 1)
    dtotal = (2 * both + 1) / (total + 1)**2
    dp = dboth * t + dtotal
"""

DIFFERENCES = """
import numpy as np

def inputs(rng, *, n=7):
    return {"x": rng.normal(size=n)}

def forward(x):
    d = x[1:] - x[:-1]
    loss = (d**2).sum()
    return loss

def backward(d, x):
    dd = 2 * d
    dx = np.zeros_like(x)
    dx[1:] += dd
    dx[:-1] -= dd
"""

SCALED = """
import numpy as np

def inputs(rng, *, n=4, d=6):
    return {"q": rng.normal(size=(n, d)), "v": rng.random(d) + 1}

data = ("v",)

def forward(q, v):
    s = q @ q.T / np.sqrt(q.shape[1])
    y = q / np.sqrt(v + 0.1)
    loss = (s**2).sum() + y.sum()
    return loss

def backward(q, v, s, y):
    d = q.shape[1]
    ds = 2 * s
    dy = np.ones_like(y)
    dq = (ds + ds.T) @ q / np.sqrt(d)
    dq += dy / np.sqrt(v + 0.1)
"""

RESIDUALS = """
import numpy as np

def inputs(rng, *, n=3, d=4):
    return {
        "x": rng.normal(size=(n, d)),
        "Ws": [rng.normal(size=(d, d)) for _ in range(3)],
        "gs": [rng.normal(size=d) for _ in range(3)],
    }

def forward(x, Ws, gs):
    h = x
    tape = []
    for W, g in zip(Ws, gs):
        a = np.tanh(h) * g
        z = a @ W
        tape.append((h, a, z))
        h = h + np.maximum(z, 0)
    loss = (h**2).sum()
    return loss

def backward(Ws, gs, h, tape):
    gh = 2 * h
    dWs, dgs = [None] * 3, [None] * 3
    for i in reversed(range(3)):
        before, a, z = tape[i]
        t = np.tanh(before)
        gz = gh * (z > 0)
        dWs[i] = a.T @ gz
        ga = gz @ Ws[i].T
        dgs[i] = (ga * t).sum(0)
        gt = ga * gs[i]
        gh = gh + gt * (1 - t**2)
    dx = gh
"""

STEPS = """
import numpy as np

def inputs(rng, *, n=6, d=3):
    return {"X": rng.normal(size=(n, d)), "y": rng.normal(size=n), "w0": rng.normal(size=d)}

data = ("X", "y")

def forward(X, y, w0):
    w = w0
    for _ in range(3):
        w = w - 0.1 * X.T @ (X @ w - y) / len(y)
    loss = (w**2).sum()
    return loss

def backward(X, y, w):
    H = X.T @ X / len(y)
    g = 2 * w
    for _ in range(3):
        g = g - 0.1 * H @ g
    dw0 = g
"""

CENTRED = """
import numpy as np

def inputs(rng, *, n=6, d=3):
    return {"x": rng.normal(size=(n, d))}

def forward(x):
    m = x.mean(0)
    v = x.var(0)
    y = (x - m) / np.sqrt(v + 0.1)
    return y

def backward(dy, x, m, v):
    n = len(x)
    s = np.sqrt(v + 0.1)
    dv = (dy * (x - m)).sum(0) * -0.5 / s**3
    dm = -dy.sum(0) / s
    dx = dy / s + dv * 2 * (x - m) / n + dm / n
"""

CLASSES = """
import torch

data = ("w",)

def inputs(rng, *, n=6, c=4):
    return {
        "z": torch.tensor(rng.normal(size=(n, c))),
        "y": torch.tensor(rng.integers(0, c, n)),
        "w": torch.tensor(rng.random(c) + 0.5),
    }

def forward(z, y, w):
    loss = torch.nn.functional.cross_entropy(z, y, weight=w)
    return loss

def backward(dloss, z, y, w):
    p = torch.softmax(z, 1)
    own = w[y]
    hot = torch.nn.functional.one_hot(y, z.shape[1]).to(z.dtype)
    dz = dloss * (p - hot) * own[:, None] / own.sum()
"""

NORMED = """
import torch

def inputs(rng, *, n=4, d=6):
    return {"x": torch.tensor(rng.normal(size=(n, d)))}

def forward(x):
    r = torch.rsqrt(x.var(1, keepdim=True, unbiased=False) + 1e-5)
    y = (x - x.mean(1, keepdim=True)) * r
    return y

def backward(dy, y, r):
    c1 = (y * dy).mean(1, keepdim=True)
    c2 = dy.mean(1, keepdim=True)
    dx = (dy - (y * c1 + c2)) * r
"""

PLACES: dict[str, tuple[str, tuple[Slip, ...]]] = {
    "parts put side by side": (
        GATED,
        (
            Slip(
                "[dy * g, dy * a * g * (1 - g)]",
                "[dy * a * g * (1 - g), dy * g]",
                "x",
                "swapped",
            ),
        ),
    ),
    "every other column": (
        PAIRS,
        (
            Slip(
                "dx[:, 0::2] = even * c + odd\n    dx[:, 1::2] =",
                "dx[:, 1::2] = even * c + odd\n    dx[:, 0::2] =",
                "x",
                "swapped",
            ),
        ),
    ),
    "between two points": (
        BETWEEN,
        (
            Slip("dtable, i + 1, f", "dtable, i, f", "table", "wrong-index"),
            Slip(
                "i, (1 - f) * dy)\n    np.add.at(dtable, i + 1, f * dy)",
                "i, f * dy)\n    np.add.at(dtable, i + 1, (1 - f) * dy)",
                "table",
                "swapped",
            ),
        ),
    ),
    "a cropped picture": (
        CROPPED,
        (
            Slip("(1, 2)", "(2, 1)", "x", "wrong-index"),
            Slip("((1, 0), (1, 2))", "((0, 1), (2, 1))", "x", "wrong-index"),
        ),
    ),
    "repeated heads": (
        HEADS,
        (
            Slip(".sum(2)", "[:, :, 0]", "k", "missing-reduction"),
            Slip(
                "dr.reshape(b, kv, h // kv, t, d).sum(2)",
                "dr[:, :: h // kv]",
                "k",
                "missing-reduction",
            ),
            Slip("dr.reshape(b, kv, h // kv, t, d).sum(2)", "dr[:, :kv]", "k", "missing-reduction"),
        ),
    ),
    "rows that are masked": (
        MASKED,
        (
            Slip("keep / keep.sum()", "keep / n", "z", "unnormalised"),
            Slip("dz *= (keep / keep.sum())[:, None]", "dz /= keep.sum()", "z", "missing-local"),
        ),
    ),
    "weights of classes": (
        CLASSES,
        (
            Slip("/ own.sum()", "/ w.sum()", "z", "wrong-operand"),
            Slip("/ own.sum()", "/ len(y)", "z", "unnormalised"),
            Slip("* own[:, None] / own.sum()", "/ own.sum()", "z", "missing-local"),
        ),
    ),
    "a sum with a number": (
        DICE,
        (
            Slip("(total + 1)**2", "total**2", "total", "wrong-operand"),
            Slip("dtotal = (2 * both + 1)", "dtotal = 2 * both", "total", "wrong-operand"),
        ),
    ),
    "a difference of neighbours": (
        DIFFERENCES,
        (Slip("dx[1:] += dd", "dx[:-1] += dd", "x", "wrong-index"),),
    ),
    "lists at a place": (
        RESIDUALS,
        (
            Slip("ga * gs[i]", "ga", "Ws[0] Ws[1] gs[0] gs[1] x", "missing-local"),
            Slip(
                "gh * (z > 0)",
                "gh",
                "Ws[0] Ws[1] Ws[2] gs[0] gs[1] gs[2] x",
                "missing-local",
            ),
        ),
    ),
    "a mean that is used more than once": (
        STEPS,
        (Slip("H = X.T @ X / len(y)", "H = X.T @ X", "w0", "unnormalised"),),
    ),
    "a part that is zero in a batch of one": (
        CENTRED,
        (Slip("* 2 * (x - m) / n", "* 2 * (x - m)", "x", "unnormalised"),),
    ),
    "locals in a sum": (
        NORMED,
        (Slip("(y * c1 + c2)", "(y * c2 + c1)", "x", "swapped"),),
    ),
    "what is divided by a root": (
        SCALED,
        (
            Slip("@ q / np.sqrt(d)", "@ q / d", "q", "wrong-exponent"),
            Slip("dy / np.sqrt(v + 0.1)", "dy / (v + 0.1)", "q", "wrong-exponent"),
        ),
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_right(checked: Checked, name: str) -> None:
    assert_right(checked(PLACES[name][0]))


@pytest.mark.parametrize(("source", "slip"), a_few(slips(PLACES)))
def test_wrong(checked: Checked, source: str, slip: Slip) -> None:
    assert_found(checked(slip.within(source)), slip)
