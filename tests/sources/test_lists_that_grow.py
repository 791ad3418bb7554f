"""Lists of gradients that a loop fills from their end, in one way or another."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import Problem
from byhand.sources.load import load

LAYERS = """
import numpy as np

data = ("x", "y")

def inputs(rng):
    n = [4, 3, 3, 2]
    return {{
        "x": rng.normal(size=(5, 4)), "y": rng.normal(size=(5, 2)),
        "Ws": [rng.normal(size=each) for each in zip(n, n[1:])],
        "bs": [rng.normal(size=each) for each in n[1:]],
    }}

def forward(x, y, Ws, bs):
    acts = [x]
    a = x
    for W, b in zip(Ws, bs):
        z = a @ W + b
        a = np.tanh(z)
        acts.append(a)
    loss = 0.5 * ((a - y) ** 2).sum()
    return loss

def backward(x, y, Ws, bs, acts):
    dWs, dbs = [], []
    delta = acts[-1] - y
    for i in (2, 1, 0):
        delta = delta * (1 - acts[i + 1] ** 2)
        dWs.{grown}acts[i].T @ delta)
        dbs.{grown}delta.sum(0))
        delta = delta @ Ws[i].T
    {end}
"""
ENDS = {
    "insert": ("insert(0, ", "return dWs, dbs"),
    "reverse": ("append(", "dWs.reverse()\n    dbs.reverse()"),
    "turned": ("append(", "dWs = dWs[::-1]\n    dbs = dbs[::-1]"),
    "returned": ("append(", "return dWs[::-1], dbs[::-1]"),
}


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("", ""),
        ("Ws[i].T\n", "Ws[i]\n"),
        ("acts[i + 1] **", "acts[i + 7] **"),
        ("s[i].T @", "s[i] @"),
    ],
)
def test_lists_that_grow_keep_the_places_of_what_raised(
    how: str, right: str, wrong: str, tmp_path: Path
) -> None:
    grown, end = ENDS[how]
    text = LAYERS.format(grown=grown, end=end)
    file = tmp_path / "layers.py"
    file.write_text(text.replace(right, wrong) if right else text)
    found = load(file)
    assert isinstance(found, Problem)
    report = check(found)
    if not right:
        assert report.ok and len(report.rows) == 6
        return
    line = text[: text.index(right)].count("\n") + 1
    assert report.roots
    rows = [row for row in report.rows if row.name in report.roots]
    assert {(row.verdict, row.line) for row in rows} == {("error", line)}
    others = {row.verdict for row in report.rows if row.name not in report.roots}
    assert others <= {"inherited", "exact", "rounding"}
    assert not any("tried alone" in (row.note or "") for row in report.rows)
