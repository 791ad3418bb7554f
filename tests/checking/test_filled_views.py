"""A gradient that is filled by way of views of it which are gradients themselves."""

from __future__ import annotations

import pytest
from verdicts import Checked, Slip, assert_found, assert_right, slips

NUMPY = """
import numpy as np

def inputs(rng, *, n=4, d=3):
    return {"x": rng.normal(size=(n, 2 * d))}

def forward(x):
    d = x.shape[1] // 2
    a, b = x[:, :d], x[:, d:]
    y = a * np.tanh(b)
    return y

def backward(dy, x, a, b):
    d = a.shape[1]
    dx = np.empty_like(x)
    da, db = dx[:, :d], dx[:, d:]
    da[...] = dy * np.tanh(b)
    db[...] = dy * a * (1 - np.tanh(b) ** 2)
"""

TORCH = """
import torch

def inputs(rng, *, n=4, d=3):
    return {"x": torch.tensor(rng.normal(size=(n, 2 * d)))}

def forward(x):
    a, b = x.chunk(2, -1)
    y = a * b.sigmoid()
    return y

def backward(dy, x, a, b):
    s = b.sigmoid()
    dx = torch.zeros_like(x)
    da, db = dx.chunk(2, -1)
    torch.mul(dy, s, out=da)
    db.copy_(dy * a * s * (1 - s))
"""

VIEWS: dict[str, tuple[str, tuple[Slip, ...]]] = {
    "slices": (NUMPY, (Slip("dy * np.tanh(b)", "dy", "a", "missing-local"),)),
    "chunks": (TORCH, (Slip("s * (1 - s)", "s * (1 + s)", "b", "sign"),)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_right(checked: Checked, name: str) -> None:
    assert_right(checked(VIEWS[name][0]))


@pytest.mark.parametrize(("source", "slip"), slips(VIEWS))
def test_wrong(checked: Checked, source: str, slip: Slip) -> None:
    assert_found(checked(slip.within(source)), slip)


def test_a_part_of_what_is_done_is_still_aliased(checked: Checked) -> None:
    report = checked("""
import numpy as np

def inputs(rng, *, n=4, d=3):
    return {"x": rng.normal(size=(n, d)), "w": rng.normal(size=d)}

def forward(x, w):
    z = x * w
    p = z[:, :1]
    q = np.tanh(p)
    y = (z**2).sum() + q.sum()
    return y

def backward(x, w, z, q):
    dz = 2 * z
    dp = dz[:, :1]
    dp *= 0
    dp += 1 - q**2
    dz[:, :1] += dp
    dx = dz * w
    dw = (dz * x).sum(0)
""")
    codes = {row.mistake.code for row in report.rows if row.mistake is not None}
    assert "aliased" in codes
