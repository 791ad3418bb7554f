"""Locals that are called after a gate or a layer, and hold the gradient of what it is made of.

One by one, what reads several of them is wrong either way; so they are found together.
"""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

from sweeps import a_few, some

GRU = """
import numpy as np

def inputs(rng, *, n=4, d=5, k=3):
    return {"x": rng.normal(size=(n, d)), "h": rng.normal(size=(n, k)),
            "Wx": rng.normal(size=(d, 3 * k)), "Wh": rng.normal(size=(k, 3 * k))}

def sigmoid(v):
    return 1 / (1 + np.exp(-v))

def forward(x, h, Wx, Wh):
    gx = x @ Wx
    gh = h @ Wh
    rx, zx, nx = np.split(gx, 3, 1)
    rh, zh, nh = np.split(gh, 3, 1)
    r = sigmoid(rx + rh)
    z = sigmoid(zx + zh)
    n = np.tanh(nx + r * nh)
    out = (1 - z) * n + z * h
    return out

def backward(x, h, Wx, Wh, r, z, n, nh, dout):
    dn = dout * (1 - z) * (1 - n * n)
    dz = dout * (h - n) * z * (1 - z)
    dr = dn * nh * r * (1 - r)
    dgx = np.concatenate([dr, dz, dn], 1)
    dgh = np.concatenate([dr, dz, dn * r], 1)
    dx = dgx @ Wx.T
    dh = dgh @ Wh.T + dout * z
    dWx = x.T @ dgx
    dWh = h.T @ dgh
"""

LSTM = """
import numpy as np

def inputs(rng, *, n=4, d=3, k=2):
    return {"x": rng.normal(size=(n, d)), "c0": rng.normal(size=(n, k)),
            "W": rng.normal(size=(d, 4 * k)), "b": rng.normal(size=4 * k)}

def forward(x, c0, W, b):
    a = x @ W + b
    k = c0.shape[1]
    i = 1 / (1 + np.exp(-a[:, :k]))
    f = 1 / (1 + np.exp(-a[:, k : 2 * k]))
    o = 1 / (1 + np.exp(-a[:, 2 * k : 3 * k]))
    g = np.tanh(a[:, 3 * k :])
    c = f * c0 + i * g
    h = o * np.tanh(c)
    return h

def backward(x, c0, W, i, f, o, g, c, dh):
    do = dh * np.tanh(c) * o * (1 - o)
    dc = dh * o * (1 - np.tanh(c) ** 2)
    di = dc * g * i * (1 - i)
    df = dc * c0 * f * (1 - f)
    dg = dc * i * (1 - g**2)
    dc0 = dc * f
    da = np.hstack([di, df, do, dg])
    dx = da @ W.T
    dW = x.T @ da
    db = da.sum(0)
"""

LAYERS = """
import numpy as np

def inputs(rng, *, n=5, d=4, k=3):
    return {"x": rng.normal(size=(n, d)), "V": rng.normal(size=(d, k)),
            "W": rng.normal(size=(k, k)), "U": rng.normal(size=(k, 2))}

def forward(x, V, W, U):
    h = np.tanh(x @ V)
    g = np.tanh(h @ W)
    y = np.tanh(g @ U)
    loss = (y**2).sum()
    return loss

def backward(x, V, W, U, h, g, y):
    dy = 2 * y * (1 - y**2)
    dg = dy @ U.T * (1 - g**2)
    dh = dg @ W.T * (1 - h**2)
    dU = g.T @ dy
    dW = h.T @ dg
    dV = x.T @ dh
    dx = dh @ V.T
"""

# The program, what is changed in backward, the root, and names that are true of it.
MISTAKES = [
    (GRU, "dn = dout * (1 - z)", "dn = dout * z", "n", {"wrong-operand"}),
    (GRU, "dz = dout * (h - n)", "dz = dout * (n - h)", "z", {"sign"}),
    (GRU, "dr = dn * nh * r * (1 - r)", "dr = dn * nh * r", "r", {"missing-local"}),
    (GRU, "[dr, dz, dn], 1", "[dz, dr, dn], 1", "gx", {"swapped"}),
    (GRU, "dn * r], 1", "dn], 1", "gh", {"missing-local"}),
    (GRU, " + dout * z", "", "h", {"missing-path"}),
    (GRU, "dWh = h.T @ dgh", "dWh = h.T @ dgx", "Wh", {"wrong-upstream"}),
    (LSTM, "di = dc * g * i", "di = dc * g * f", "i", {"wrong-operand"}),
    (LSTM, "df = dc * c0", "df = -dc * c0", "f", {"sign"}),
    (LSTM, "dg = dc * i * (1 - g**2)", "dg = dc * i * (1 - g)", "g", {"wrong-exponent"}),
    (LSTM, "dc0 = dc * f", "dc0 = dc * i", "c0", {"wrong-operand"}),
    (LSTM, "[di, df, do, dg]", "[di, df, dg, do]", "a", {"swapped"}),
    (LSTM, "db = da.sum(0)", "db = da.mean(0)", "b", {"mean-for-sum"}),
    (LAYERS, "@ U.T * (1 - g**2)", "@ U.T * (1 - g)", "g", {"wrong-exponent"}),
    (LAYERS, "dW = h.T @ dg", "dW = g.T @ dg", "W", {"wrong-operand"}),
    (LAYERS, "dx = dh @ V.T", "dx = -dh @ V.T", "x", {"sign"}),
]


@pytest.mark.parametrize("source", [GRU, LSTM, LAYERS], ids=["gru", "lstm", "layers"])
def test_right(checked: Checked, source: str) -> None:
    assert_right(checked(source))


@pytest.mark.parametrize(("source", "right", "wrong", "root", "codes"), a_few(MISTAKES))
def test_a_mistake_is_its_own_lines_alone(
    checked: Checked, source: str, right: str, wrong: str, root: str, codes: set[str]
) -> None:
    forward, backward = source.split("def backward")
    assert backward.count(right) == 1
    report = checked(f"{forward}def backward{backward.replace(right, wrong)}")
    assert report.roots == (root,), str(report)
    mistake = report[root].mistake
    assert mistake is not None
    assert mistake.code in {*codes, "unknown"}


OVER_TIME = """
import numpy as np

def inputs(rng, *, n=2, t=3, d=4, k=3):
    return {"x": rng.normal(size=(t, n, d)), "h0": rng.normal(size=(n, k)),
            "W": rng.normal(size=(d, 4 * k)), "U": rng.normal(size=(k, 4 * k))}

def sigmoid(v):
    return 1 / (1 + np.exp(-v))

def forward(x, h0, W, U):
    h, c = h0, np.zeros_like(h0)
    kept, hs = [], []
    for s in range(len(x)):
        before = h, c
        a = x[s] @ W + h @ U
        ai, af, ao, ag = np.split(a, 4, 1)
        i, f, o, g = sigmoid(ai), sigmoid(af), sigmoid(ao), np.tanh(ag)
        c = f * c + i * g
        h = o * np.tanh(c)
        kept.append((*before, i, f, o, g, c))
        hs.append(h)
    out = np.stack(hs)
    return out

def backward(x, h0, W, U, kept, dout):
    dx, dW, dU = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U)
    later, dlater = np.zeros_like(h0), np.zeros_like(h0)
    for s in reversed(range(len(x))):
        h, old, i, f, o, g, c = kept[s]
        dh = dout[s] + later
        dc = dlater + dh * o * (1 - np.tanh(c) ** 2)
        do = dh * np.tanh(c) * o * (1 - o)
        di = dc * g * i * (1 - i)
        df = dc * old * f * (1 - f)
        dg = dc * i * (1 - g**2)
        da = np.hstack([di, df, do, dg])
        dx[s] = da @ W.T
        dW += x[s].T @ da
        dU += h.T @ da
        later, dlater = da @ U.T, dc * f
    dh0 = later
"""


@pytest.mark.parametrize(
    ("right", "wrong", "root", "code"),
    some(
        [
            ("", "", None, ""),
            ("di = dc * g * i", "di = dc * i * i", "i", "wrong-operand"),
            ("df = dc * old", "df = -dc * old", "f", "sign"),
            ("dU += h.T", "dU -= h.T", "U", "sign"),
        ],
        2,
    ),
)
def test_gates_over_time(
    checked: Checked, right: str, wrong: str, root: str | None, code: str
) -> None:
    report = checked(OVER_TIME.replace(right, wrong))
    assert {*report.roots} == ({root} if root else set()), str(report)
    codes = {row.mistake.code for row in report.rows if row.mistake is not None}
    assert codes <= {code}
