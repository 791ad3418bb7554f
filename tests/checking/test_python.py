"""What a backward may contain is Python: however it is written, right is right, wrong is found.

Every style is one way to write the same backward. Planting a mistake in the statement that gives
`da` must make `a` the root, and the mistake's effects on `W` and `x` must not be blamed on them.
"""

from __future__ import annotations

import textwrap

import pytest
from edited import changed
from verdicts import Checked, assert_right, verdicts

HEAD = """
import contextlib
import numpy as np

def inputs(rng, *, n=6, k=5, h=7):
    return {"x": rng.normal(size=(n, k)), "W": rng.normal(size=(k, h)),
            "V": rng.normal(size=(h, 3)), "y": rng.integers(0, 3, n)}

def forward(x, W, V, y):
    a = x @ W
    z = np.tanh(a)
    out = z @ V
    p = out * out
    return p

def backward(x, W, V, y, a, z, out, dp):
"""

STYLES = {
    "plain": """
        dout = 2 * out * dp
        dV = z.T @ dout
        dz = dout @ V.T
        da = dz * (1 - z**2)
        dW = x.T @ da
        dx = da @ W.T
    """,
    "match": """
        dout = 2 * out * dp
        match z.shape:
            case (n, h) if n > 0:
                dV = z.T @ dout
                dz = dout @ V.T
            case _:
                raise ValueError(z.ndim)
        match {"z": z, "dz": dz}:
            case {"dz": g, "z": activation, **rest}:
                da = g * (1 - activation**2)
        dW = x.T @ da
        dx = da @ W.T
    """,
    "try and finally": """
        try:
            dout = 2 * out * dp
            dV = z.T @ dout
            dz = dout @ V.T
        finally:
            da = dz * (1 - z**2)
        dW = x.T @ da
        dx = da @ W.T
    """,
    "an exception that is handled": """
        dout = 2 * out * dp
        try:
            dV = z @ dout
        except ValueError:
            dV = z.T @ dout
        try:
            scale = float(dout)
        except (TypeError, ValueError) as error:
            scale = 1.0
        else:
            scale = 2.0
        dz = scale * dout @ V.T
        with contextlib.suppress(ZeroDivisionError):
            da = dz * (1 - z**2)
            1 / 0
            da = None
        dW = x.T @ da
        dx = da @ W.T
    """,
    "with": """
        with np.errstate(all="ignore"), contextlib.nullcontext(V.T) as VT:
            dout = 2 * out * dp
            dV = z.T @ dout
            dz = dout @ VT
            with np.errstate(over="ignore"):
                da = dz * (1 - z**2)
        dW = x.T @ da
        dx = da @ W.T
    """,
    "a nonlocal total": """
        total = np.zeros_like(W)
        def add(i):
            nonlocal total
            total = total + np.outer(x[i], da[i])
        dout = 2 * out * dp
        dV = z.T @ dout
        dz = dout @ V.T
        da = dz * (1 - z**2)
        for i in range(len(x)):
            add(i)
        dW = total
        dx = da @ W.T
    """,
    "answers that an inner function binds": """
        dW, dV, da = np.zeros_like(W), np.zeros_like(V), np.zeros_like(a)
        dx = np.zeros_like(x)
        dout = 2 * out * dp
        def output(i):
            nonlocal dV
            dV = dV + np.outer(z[i], dout[i])
            hidden(i, dout[i] @ V.T)
        def hidden(i, g):
            nonlocal dW
            da[i] = g * (1 - z[i]**2)
            dW = dW + np.outer(x[i], da[i])
            dx[i] = W @ da[i]
        for i in range(len(x)):
            output(i)
    """,
    "a recursive inner function": """
        dout = 2 * out * dp
        dV = z.T @ dout
        dz = dout @ V.T
        da = dz * (1 - z**2)
        dW = np.zeros_like(W)
        def add(lo, hi):
            nonlocal dW
            if hi - lo == 1:
                dW += np.outer(x[lo], da[lo])
            elif hi > lo:
                middle = (lo + hi) // 2
                add(lo, middle), add(middle, hi)
        add(0, len(x))
        dx = da @ W.T
    """,
    "a lambda and a comprehension": """
        local = lambda g: g * (1 - z**2)
        dout = 2 * out * dp
        dV = sum(np.outer(z[i], dout[i]) for i in range(len(z)))
        dz = np.stack([row @ V.T for row in dout])
        da = local(dz)
        dW = x.T @ da
        dx = np.array([[sum(da[i, j] * W[k, j] for j in range(W.shape[1]))
                        for k in range(W.shape[0])] for i in range(len(x))])
    """,
    "rows that a loop runs over": """
        dout = np.zeros_like(out)
        for row, values, g in zip(dout, out, dp):
            row[:] = 2 * values * g
        dV = z.T @ dout
        dz = np.ones_like(z)
        for i, row in enumerate(dz):
            row += dout[i] @ V.T - row
        da = np.zeros_like(a)
        for row, g, activation in zip(da, dz, z):
            row[...] = g * (1 - activation**2)
        dW = np.zeros_like(W)
        for g, values in zip(da, x):
            dW += np.outer(values, g)
        dx = da @ W.T
    """,
    "views with names": """
        dout = 2 * out * dp
        dV = np.zeros_like(V)
        flat = dV.reshape(-1)
        flat += (z.T @ dout).ravel()
        dz = np.zeros_like(z)
        turned = dz.T
        np.add(turned, V @ dout.T, out=turned)
        da = np.ones_like(a)
        top, bottom = da[:2], da[2:]
        top *= dz[:2] * (1 - z[:2]**2)
        bottom *= dz[2:] * (1 - z[2:]**2)
        dW = x.T @ da
        dx = da @ W.T
    """,
    "walrus and stars": """
        dV = z.T @ (dout := 2 * out * dp)
        if (n := len(x)) > 0:
            dz, *_ = [dout @ V.T, n]
        (da, *rest) = (dz * (1 - z**2),)
        [dW, dx] = x.T @ da, da @ W.T
        del rest, n
    """,
    "functions that give several": """
        def linear(x, W, g):
            return x.T @ g, g @ W.T
        dout = 2 * out * dp
        dV, dz = linear(z, V, dout)
        da = dz * (1 - z**2)
        dW, dx = linear(x, W, g=da)
    """,
    "while, break, else": """
        dout = 2 * out * dp
        dV = z.T @ dout
        dz = dout @ V.T
        da = np.zeros_like(a)
        i = 0
        while True:
            if i == len(x):
                break
            da[i] = dz[i] * (1 - z[i]**2)
            i += 1
        else:
            raise AssertionError
        for j in range(3):
            if j == 5:
                break
        else:
            dW = x.T @ da
        dx = da @ W.T
    """,
    "a local class": """
        class Linear:
            def __init__(self, x, W):
                self.x, self.W = x, W
            def backward(self, g):
                self.dW = self.x.T @ g
                return g @ self.W.T
        second, first = Linear(z, V), Linear(x, W)
        dout = 2 * out * dp
        dz = second.backward(dout)
        dV = second.dW
        da = dz * (1 - z**2)
        dx = first.backward(da)
        dW = first.dW
    """,
    "a dict of its own": """
        g = {"out": 2 * out * dp}
        dV = z.T @ g["out"]
        g["z"] = g["out"] @ V.T
        g["a"] = g["z"] * (1 - z**2)
        da = g["a"]
        dW = x.T @ g["a"]
        dx = g["a"] @ W.T
    """,
    "a deleted name": """
        dout = 2 * out * dp
        dV = z.T @ dout
        dz = dout @ V.T
        del dout
        da = dz * (1 - z**2)
        del dz
        dW = x.T @ da
        dx = da @ W.T
        del da
    """,
}
SLIPS = (("1 - z[2:]**2", "1 - z[2:]"), ("1 - activation**2", "1 - activation"))
SLIPS += (("1 - z[i]**2", "1 - z[i]"), ("1 - z**2", "1 - z"))


def source(style: str) -> str:
    return HEAD + textwrap.indent(textwrap.dedent(STYLES[style]), "    ")


@pytest.mark.parametrize("style", STYLES)
def test_right_in_every_style(checked: Checked, style: str) -> None:
    report = checked(source(style))
    assert_right(report)
    assert not report.notes
    assert {"x", "W", "V", "a"} <= set(verdicts(report))
    assert not [row.note for row in report.rows if row.note]


@pytest.mark.parametrize("style", STYLES)
def test_a_slip_is_found_in_every_style(checked: Checked, style: str) -> None:
    text = source(style)
    slip = next(slip for slip in SLIPS if slip[0] in text)
    report = checked(changed(text, slip))
    assert not report.ok
    # What a dict of its own holds is no answer: all that is made of it has the slip.
    roots = {"a", "W", "x"} if style == "a dict of its own" else {"a"}
    assert set(report.roots) == roots, [(row.name, row.verdict, row.note) for row in report.rows]
