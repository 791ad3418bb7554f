"""Mistakes in the locals of a long loop, which have no names that tell anything: all that is read
from them is wrong, and the mistake is named where it was made."""

from __future__ import annotations

import pytest
from verdicts import Checked, Slip, assert_right, slips

from sweeps import a_few

LSTM = """
import numpy as np

def sig(x):
    return 1 / (1 + np.exp(-x))

def inputs(rng, *, T=3, D=3, H=4):
    r = rng.normal
    return {"xs": r(size=(T, D)), "W": r(size=(D + H, 4 * H)) / 2, "b": r(size=4 * H) / 9}

def forward(xs, W, b):
    H = len(b) // 4
    h = np.zeros(H)
    c = np.zeros(H)
    caches = []
    ys = []
    for x in xs:
        cat = np.concatenate([x, h])
        z = cat @ W + b
        i, f, o = sig(z[:H]), sig(z[H:2 * H]), sig(z[2 * H:3 * H])
        g = np.tanh(z[3 * H:])
        before = c
        c = f * before + i * g
        tc = np.tanh(c)
        h = o * tc
        caches.append({"cat": cat, "i": i, "f": f, "o": o, "g": g, "c": before, "tc": tc})
        ys.append(h)
    out = np.stack(ys)
    return out

def backward(xs, W, b, caches, dout):
    D = xs.shape[1]
    H = len(b) // 4
    dW, db, dxs = np.zeros_like(W), np.zeros_like(b), np.zeros_like(xs)
    later_h, later_c = np.zeros(H), np.zeros(H)
    for t in range(len(xs) - 1, -1, -1):
        k = caches[t]
        gh = dout[t] + later_h
        gc = gh * k["o"] * (1 - k["tc"] ** 2) + later_c
        gi = gc * k["g"] * k["i"] * (1 - k["i"])
        gf = gc * k["c"] * k["f"] * (1 - k["f"])
        go = gh * k["tc"] * k["o"] * (1 - k["o"])
        gg = gc * k["i"] * (1 - k["g"] ** 2)
        gz = np.concatenate([gi, gf, go, gg])
        dW += np.outer(k["cat"], gz)
        db += gz
        gcat = gz @ W.T
        dxs[t] = gcat[:D]
        later_h = gcat[D:]
        later_c = gc * k["f"]
"""

GATED = """
import numpy as np

def inputs(rng, *, T=4, D=3, H=3):
    r = rng.normal
    return {"x": r(size=(T, D)), "Wf": r(size=(H + D, H)) / 2, "Wc": r(size=(H + D, H)) / 2}

def forward(x, Wf, Wc):
    H = Wf.shape[1]
    h = [np.zeros(H)]
    f, c, cat = [], [], []
    for t in range(len(x)):
        cat.append(np.concatenate([h[t], x[t]]))
        f.append(1 / (1 + np.exp(-cat[t] @ Wf)))
        c.append(np.tanh(cat[t] @ Wc))
        h.append(f[t] * h[t] + (1 - f[t]) * c[t])
    loss = 0.5 * sum((v ** 2).sum() for v in h)
    return loss

def backward(x, Wf, Wc, h, f, c, cat):
    H = Wf.shape[1]
    dWf, dWc, dx = np.zeros_like(Wf), np.zeros_like(Wc), np.zeros_like(x)
    gh = np.zeros(H)
    for t in range(len(x) - 1, -1, -1):
        gh = gh + h[t + 1]
        gf = gh * (h[t] - c[t])
        gc = gh * (1 - f[t])
        af = gf * f[t] * (1 - f[t])
        ac = gc * (1 - c[t] * c[t])
        dWf += np.outer(cat[t], af)
        dWc += np.outer(cat[t], ac)
        gcat = af @ Wf.T + ac @ Wc.T
        dx[t] = gcat[H:]
        gh = gh * f[t] + gcat[:H]
"""

LSTM_SLIPS = [
    Slip(" + later_c\n", "\n", "W b xs", "missing-path"),
    Slip("dout[t] + later_h", "dout[t]", "W b xs", "missing-path"),
    Slip('later_c = gc * k["f"]', "later_c = gc", "W b xs", "missing-local"),
    Slip('gi = gc * k["g"]', 'gi = gc * k["f"]', "W b xs", "wrong-operand"),
    Slip('gf = gc * k["c"]', 'gf = gc * k["tc"]', "W b xs", "wrong-operand"),
    Slip('(1 - k["g"] ** 2)', '(1 - k["g"])', "W b xs", "wrong-exponent"),
    Slip("[gi, gf, go, gg]", "[gi, go, gf, gg]", "W b xs", "swapped"),
    Slip('gc = gh * k["o"]', "gc = gh", "W b xs", "missing-local"),
    Slip("db += gz", "db = gz", "b", "overwritten"),
]
GATED_SLIPS = [
    Slip("gh * f[t] + gcat[:H]", "gcat[:H]", "Wf Wc x", "missing-path"),
    Slip("gh * f[t] + gcat[:H]", "gh * f[t]", "Wf Wc x", "missing-path"),
    Slip("af @ Wf.T + ac @ Wc.T", "ac @ Wc.T", "Wf Wc x", "missing-path"),
    Slip("gh * (h[t] - c[t])", "gh * h[t]", "Wf Wc x", "missing-local"),
    Slip("gc * (1 - c[t] * c[t])", "gc", "Wf Wc x", "missing-local"),
    Slip("dx[t] = gcat[H:]", "dx[t] = gcat[:H]", "x", "wrong-index"),
]


@pytest.mark.parametrize("source", [LSTM, GATED], ids=["LSTM", "gated"])
def test_right(checked: Checked, source: str) -> None:
    assert_right(checked(source))


@pytest.mark.parametrize(
    ("source", "slip"), a_few(slips({"LSTM": (LSTM, LSTM_SLIPS), "gated": (GATED, GATED_SLIPS)}, 2))
)
def test_the_mistake_is_named_where_it_was_made(checked: Checked, source: str, slip: Slip) -> None:
    report = checked(slip.within(source))
    assert set(report.roots) == set(slip.root.split())
    place = source[: source.index(slip.right)].count("\n") + 1
    for name in report.roots:
        mistake = report[name].mistake
        assert mistake is not None
        assert (mistake.code, report[name].line) == (slip.code, place), mistake.message


@pytest.mark.parametrize("sizes", ["T=2, D=1, H=2", "T=4, D=5, H=3"])
def test_also_of_other_sizes(checked: Checked, sizes: str) -> None:
    slip = LSTM_SLIPS[2]
    report = checked(slip.within(LSTM.replace("T=3, D=3, H=4", sizes)))
    assert {row.mistake.code for row in report.rows if row.mistake} == {slip.code}


def test_what_right_gradients_are_made_of_is_not_blamed(checked: Checked) -> None:
    """`dz` and `da` are gradients of the sum; what is made of them is divided, but for one line."""
    source = """
import numpy as np
data = ("X", "y")

def inputs(rng, *, n=5, d=2, h=3, k=4):
    r = rng.normal
    return {"X": r(size=(n, d)), "y": r(size=(n, k)), "W1": r(size=(d, h)), "b1": r(size=(1, h)),
            "W2": r(size=(h, k)), "b2": r(size=(1, k))}

def forward(X, y, W1, b1, W2, b2):
    a1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
    out = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
    loss = -np.sum(y * np.log(out) + (1 - y) * np.log(1 - out)) / len(X)
    return loss

def backward(X, y, W2, a1, out):
    m = len(X)
    g2 = out - y
    dW2 = a1.T @ g2 / m
    db2 = np.sum(g2, axis=0, keepdims=True) / m
    back = g2 @ W2.T
    rest = 1 - a1
    slope = a1 * rest
    g1 = back * slope
    rows = X.T
    dW1 = rows @ g1
    db1 = np.sum(g1, axis=0, keepdims=True) / m
"""
    report = checked(source)
    assert report.roots == ("W1",)
    mistake = report["W1"].mistake
    assert mistake is not None and mistake.code == "unnormalised"
    assert "dW1" in report["W1"].source
