"""Loops that bind a name as each round begins: what the last round leaves has no such name."""

from __future__ import annotations

import pytest
from verdicts import Checked, Slip, assert_found, assert_right, slips

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

CARRIED: dict[str, tuple[str, tuple[Slip, ...]]] = {
    "a gated recurrence": (
        GRU,
        (
            Slip("dx[t] = an + az", "dx[t] = an", "x", "missing-path"),
            Slip("dh * z + an @ Wn.T", "dh * (1 - z) + an @ Wn.T", "h", "wrong-operand"),
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


@pytest.mark.parametrize(("source", "slip"), slips(CARRIED))
def test_wrong(checked: Checked, source: str, slip: Slip) -> None:
    assert_found(checked(slip.within(source)), slip)
