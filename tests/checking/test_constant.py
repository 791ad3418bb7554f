"""Elements of a value that no input changes: a gradient there may be kept or cleared."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

CAUSAL = """
import numpy as np

def inputs(rng, *, t=4, d=3):
    return {name: rng.normal(size=(t, d)) for name in "qkv"}

def forward(q, k, v):
    keep = np.tril(np.ones((len(q), len(q)), bool))
    s = q @ k.T
    m = np.where(keep, s, -np.inf)
    e = np.exp(m - m.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    y = p @ v
    return y

def backward(dy, q, k, v, p, keep):
    dv = p.T @ dy
    dp = (dy @ v.T) * keep
    ds = p * (dp - (dp * p).sum(1, keepdims=True))
    dq = ds @ k
    dk = ds.T @ q
"""

PADDED = """
import torch
from torch.nn.functional import pad

def inputs(rng, *, n=2, l=6):
    return {"x": torch.tensor(rng.normal(size=(n, l)))}

def forward(x):
    p = pad(x, (1, 1))
    y = p[:, :-2] * p[:, 2:]
    return y

def backward(dy, p):
    dp = torch.zeros_like(p)
    dp[:, :-2] += dy * p[:, 2:]
    dp[:, 2:] += dy * p[:, :-2]
    dp[:, 0] = 0
    dp[:, -1] = 0
    dx = dp[:, 1:-1]
"""

TRIANGULAR = """
import numpy as np

def inputs(rng, *, n=4):
    return {"A": rng.normal(size=(n, n)), "b": rng.normal(size=n)}

def forward(A, b):
    L = np.tril(A) + 3 * np.eye(len(b))
    x = np.linalg.solve(L, b)
    return x

def backward(dx, L, x):
    db = np.linalg.solve(L.T, dx)
    dL = -np.tril(np.outer(db, x))
    dA = np.tril(dL)
"""

RELU = """
import numpy as np

def inputs(rng, *, n=5, k=4):
    W, V = rng.normal(size=(2, k, k))
    return {"x": rng.normal(size=(n, k)), "W": W, "V": V}

def forward(x, W, V):
    z = x @ W
    h = np.maximum(z, 0)
    y = h @ V
    return y

def backward(dy, x, W, V, z, h):
    dV = h.T @ dy
    dh = dy @ V.T * (h > 0)
    dz = dh * (z > 0)
    dW = x.T @ dz
    dx = dz @ W.T
"""


@pytest.mark.parametrize("source", [CAUSAL, PADDED, TRIANGULAR])
def test_cleared(checked: Checked, source: str) -> None:
    report = checked(source)
    assert_right(report)
    assert any("whatever the inputs are" in (row.note or "") for row in report.rows)


def test_a_mistake_beside_it_is_the_only_root(checked: Checked) -> None:
    report = checked(CAUSAL.replace("ds = p * (dp", "ds = (dp"))
    assert report.roots == ("s",)


def test_a_mistake_at_other_elements(checked: Checked) -> None:
    assert checked(TRIANGULAR.replace("-np.tril(np", "np.tril(np")).roots == ("L",)


def test_zeros_that_other_inputs_change(checked: Checked) -> None:
    assert checked(RELU).roots == ("h",)
