"""Mistakes in the locals of a long loop, which have no names that tell anything: all that is read
from them is wrong, and the mistake is named where it was made."""

from __future__ import annotations

import pytest
from verdicts import Checked, Slip, assert_right

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

SLIPS = [
    Slip(" + later_c\n", "\n", "W b xs", "missing-path"),
    Slip("dout[t] + later_h", "dout[t]", "W b xs", "missing-path"),
    Slip('later_c = gc * k["f"]', "later_c = gc", "W b xs", "missing-local"),
    Slip('gi = gc * k["g"]', 'gi = gc * k["f"]', "W b xs", "wrong-operand"),
    Slip('(1 - k["g"] ** 2)', '(1 - k["g"])', "W b xs", "wrong-exponent"),
    Slip("[gi, gf, go, gg]", "[gi, go, gf, gg]", "W b xs", "swapped"),
    Slip('gc = gh * k["o"]', "gc = gh", "W b xs", "missing-local"),
    Slip("db += gz", "db = gz", "b", "overwritten"),
]


def test_right(checked: Checked) -> None:
    assert_right(checked(LSTM))


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.wrong.strip() or slip.right.strip())
def test_the_mistake_is_named_where_it_was_made(checked: Checked, slip: Slip) -> None:
    assert LSTM.count(slip.right) == 1
    source = LSTM.replace(slip.right, slip.wrong)
    report = checked(source)
    assert set(report.roots) == set(slip.root.split())
    place = LSTM[: LSTM.index(slip.right)].count("\n") + 1
    for name in report.roots:
        mistake = report[name].mistake
        assert mistake is not None
        assert (mistake.code, report[name].line) == (slip.code, place), mistake.message


@pytest.mark.parametrize("sizes", ["T=2, D=1, H=2", "T=4, D=5, H=3"])
def test_also_of_other_sizes(checked: Checked, sizes: str) -> None:
    slip = SLIPS[2]
    source = LSTM.replace("T=3, D=3, H=4", sizes).replace(slip.right, slip.wrong)
    report = checked(source)
    assert {row.mistake.code for row in report.rows if row.mistake} == {slip.code}
