"""A name that forward binds on several lines, as scores are made, scaled, masked and shifted, for
which backward has one gradient: in one go, and in each round of a loop."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

MADE = {
    "scaled at once": "s = {q} @ {k}.T / np.sqrt(3)\n    s = np.where(mask == 0, -1e9, s)",
    "scaled later": "s = {q} @ {k}.T\n    s = s / np.sqrt(3)\n    s = s + (mask - 1) * 1e9",
    "shifted in place": "s = {q} @ {k}.T\n    s /= np.sqrt(3)",
}

ONE = """
import numpy as np

def inputs(rng):
    return {{name: rng.normal(size=(4, 3)) for name in ("q", "k", "v", "w")}}

def forward(q, k, v, w):
    mask = np.tril(np.ones((4, 4)))
    {made}
    s = s - s.max(axis=1, keepdims=True)
    e = np.exp(s)
    p = e / e.sum(axis=1, keepdims=True)
    out = p @ v
    loss = (out * w).sum()
    return loss

def backward(q, k, v, w, p, out):
    dout = w
    dw = out
    dv = p.T @ dout
    dp = dout @ v.T
    ds = p * (dp - (dp * p).sum(axis=1, keepdims=True))
    dq = ds @ k / np.sqrt(3)
    dk = ds.T @ q / np.sqrt(3)
    return dq, dk, dv, dw
"""

HEADS = """
import numpy as np

def inputs(rng):
    return {{name: rng.normal(size=(3, 4, 3)) for name in ("q", "k", "v", "w")}}

def forward(q, k, v, w):
    out, ps = np.zeros((3, 4, 3)), []
    mask = np.tril(np.ones((4, 4)))
    for i in range(3):
        {made}
        s = s - s.max(axis=1, keepdims=True)
        e = np.exp(s)
        p = e / e.sum(axis=1, keepdims=True)
        ps.append(p)
        out[i] = p @ v[i]
    loss = (out * w).sum()
    return loss

def backward(q, k, v, w, ps, out):
    dout = w
    dw = out
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for i in {rounds}:
        p = ps[i]
        dv[i] = p.T @ dout[i]
        dp = dout[i] @ v[i].T
        ds = p * (dp - (dp * p).sum(axis=1, keepdims=True))
        dq[i] = ds @ k[i] / np.sqrt(3)
        dk[i] = ds.T @ q[i] / np.sqrt(3)
    return dq, dk, dv, dw
"""


def source(form: str, made: str) -> str:
    if form == "once":
        return ONE.format(made=MADE[made].format(q="q", k="k"))
    deeper = MADE[made].format(q="q[i]", k="k[i]").replace("\n", "\n    ")
    return HEADS.format(made=deeper, rounds=form)


FORMS = ["once", "range(3)", "reversed(range(3))"]
SLIPS = [
    ("k", " / np.sqrt(3)\n", "\n", -1, {"factor", "number"}),
    ("q", " / np.sqrt(3)\n", "\n", -2, {"factor", "number"}),
    ("k", "ds.T @", "ds @", 0, {"transposed"}),
    (
        "s",
        "(dp - (dp * p).sum(axis=1, keepdims=True))",
        "(dp - dp.sum(axis=1, keepdims=True))",
        0,
        None,
    ),
    ("s", "(dp - (dp * p).sum(axis=1, keepdims=True))", "dp", 0, None),
]


def slipped(text: str, old: str, new: str, which: int) -> tuple[str, int]:
    """The text with one of the places changed, and its line."""
    places = [i for i in range(len(text)) if text.startswith(old, i)]
    at = places[which]
    return text[:at] + new + text[at + len(old) :], text[:at].count("\n") + 1


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("form", FORMS)
def test_right(checked: Checked, form: str, made: str) -> None:
    assert_right(checked(source(form, made)))


@pytest.mark.parametrize(("root", "old", "new", "which", "codes"), SLIPS)
@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("form", FORMS)
def test_a_slip_is_said_in_its_own_line(
    checked: Checked,
    form: str,
    made: str,
    root: str,
    old: str,
    new: str,
    which: int,
    codes: set[str] | None,
) -> None:
    text, line = slipped(source(form, made), old, new, which)
    report = checked(text)
    assert report.roots == (root,)
    rows = [row for row in report.rows if row.mistake is not None]
    assert {row.line for row in rows} == {line}
    if codes:
        assert {row.mistake.code for row in rows if row.mistake} <= codes
    assert not any("tried alone" in note for note in report.notes)


def test_which_one_it_is_of_is_said(checked: Checked) -> None:
    text, _ = slipped(source("once", "scaled at once"), " / np.sqrt(3)\n", "\n", -1)
    (note,) = (row.note for row in checked(text).rows if row.name == "s")
    line = text.splitlines().index("    s = np.where(mask == 0, -1e9, s)") + 1
    assert note is not None and note.startswith(f"binding 3 of 3 in forward, line {line + 1}")
    assert note.endswith(f"ds holds the gradient of s as line {line - 1} makes it")
