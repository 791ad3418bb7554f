"""Locals of one time step: `dct` and `dh_t` are taken for the gradients of c and h where a mistake
shows better so; nothing is said of them where all is right."""

from __future__ import annotations

import pytest
from verdicts import Checked, Slip, assert_right

from sweeps import a_few

GATED = """
import numpy as np

def inputs(rng, *, T=3, B=2, D=3, H=2):
    r = rng.normal
    return {"X": r(size=(T, B, D)), "W": r(size=(D + H, H)), "V": r(size=(D + H, H))}

def forward(X, W, V):
    T, B, D = X.shape
    H = W.shape[1]
    h, c = np.zeros((B, H)), np.zeros((B, H))
    cache, loss = [], 0.0
    for t in range(T):
        z = np.concatenate([X[t], h], axis=1)
        f = 1 / (1 + np.exp(-z @ W))
        g = np.tanh(z @ V)
        before = c
        c = f * c + g
        h = np.tanh(c)
        cache.append((z, f, g, before, h))
        loss = loss + (h ** 2).sum() / 2
    return loss

def backward(X, W, V, cache):
    T, B, D = X.shape
    dX, dW, dV = np.zeros_like(X), np.zeros_like(W), np.zeros_like(V)
    dh_next, dc_next = np.zeros((B, W.shape[1])), np.zeros((B, W.shape[1]))
    for t in reversed(range(T)):
        z, f, g, before, h = cache[t]
        dht = h + dh_next
        dct = dc_next + dht * (1 - h ** 2)
        da = dct * before * f * (1 - f)
        db = dct * (1 - g ** 2)
        dW += z.T @ da
        dV += z.T @ db
        dz = da @ W.T + db @ V.T
        dX[t] = dz[:, :D]
        dh_next = dz[:, D:]
        dc_next = dct * f
"""
GATES = """
import numpy as np

def inputs(rng, *, T=3, B=2, D=3, H=2):
    r = rng.normal
    size = (D + H, H)
    return {"X": r(size=(T, B, D)), "W": r(size=size), "R": r(size=size), "V": r(size=size)}

def forward(X, W, R, V):
    T, B, D = X.shape
    H = W.shape[1]
    h = np.zeros((B, H))
    cache, loss = [], 0.0
    for t in range(T):
        xh = np.concatenate([X[t], h], axis=1)
        z = 1 / (1 + np.exp(-xh @ W))
        r = 1 / (1 + np.exp(-xh @ R))
        xr = np.concatenate([X[t], r * h], axis=1)
        n = np.tanh(xr @ V)
        hp = h
        h = (1 - z) * n + z * hp
        cache.append((xh, xr, z, r, n, hp, h))
        loss = loss + (h ** 2).sum() / 2
    return loss

def backward(X, W, R, V, cache):
    T, B, D = X.shape
    dX, dW, dR, dV = np.zeros_like(X), np.zeros_like(W), np.zeros_like(R), np.zeros_like(V)
    dhn = np.zeros((B, W.shape[1]))
    for t in reversed(range(T)):
        xh, xr, z, r, n, hp, h = cache[t]
        dht = h + dhn
        dzt = dht * (hp - n) * z * (1 - z)
        dnt = dht * (1 - z) * (1 - n ** 2)
        dxr = dnt @ V.T
        drt = dxr[:, D:] * hp * r * (1 - r)
        dxh = dzt @ W.T + drt @ R.T
        dW += xh.T @ dzt
        dR += xh.T @ drt
        dV += xr.T @ dnt
        dX[t] = dxr[:, :D] + dxh[:, :D]
        dhn = dht * z + dxr[:, D:] * r + dxh[:, D:]
"""
SLIPS = (
    Slip("(1 - h ** 2)", "(1 - h)", "c", "wrong-exponent"),
    Slip("dct = dc_next + dht", "dct = dht", "c", "missing-path"),
    Slip("dht = h + dh_next", "dht = h", "h", "missing-path"),
    Slip("dc_next = dct * f", "dc_next = dct", "c", "missing-local"),
    Slip("dz[:, D:]", "dz[:, :len(W.T)]", "h", "wrong-index"),
    Slip("dW += z.T", "dW = z.T", "W", "overwritten"),
)
SPELLINGS = {"dct": ("dct", "dht"), "dc_t": ("dc_t", "dh_t"), "d_ct": ("d_ct", "d_ht")}


def spelled(text: str, spelling: str) -> str:
    for plain, other in zip(SPELLINGS["dct"], SPELLINGS[spelling], strict=True):
        text = text.replace(plain, other)
    return text


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_right(checked: Checked, spelling: str) -> None:
    report = checked(spelled(GATED, spelling))
    assert_right(report)
    assert not {"c", "h"} & {row.name for row in report.rows}


def test_what_is_called_after_a_gate_and_is_of_what_that_is_made_of(checked: Checked) -> None:
    assert_right(checked(GATES))


@pytest.mark.parametrize("slip", a_few(SLIPS), ids=lambda slip: slip.wrong)
def test_a_slip_has_one_root_on_its_line(checked: Checked, slip: Slip) -> None:
    assert_at_its_line(checked, GATED, slip)


@pytest.mark.parametrize("spelling", ["dc_t", "d_ct"])
def test_however_they_are_spelled(checked: Checked, spelling: str) -> None:
    slip = SLIPS[0]
    assert_at_its_line(checked, spelled(GATED, spelling), slip)


def assert_at_its_line(checked: Checked, source: str, slip: Slip) -> None:
    source = slip.within(source)
    report = checked(source)
    blamed = [row for row in report.rows if row.name in report.roots]
    assert {row.name for row in blamed} == {slip.root}
    for row in blamed:
        assert row.line is not None and slip.wrong in source.splitlines()[row.line - 1]
        assert not slip.code or (row.mistake is not None and row.mistake.code == slip.code)
