"""Gradients of the items of a list, gathered in a list of backward's own: in any order, and turned
in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import load
from sweeps import a_few

FILE = """
import numpy as np

def inputs(rng, *, n=4, d=3):
    vectors = lambda: [rng.normal(size=d) for _ in range(3)]
    return {{"x": rng.normal(size=(n, d)), "gs": vectors(), "bs": vectors()}}

def forward(x, gs, bs):
    h = x
    hs = [h]
    for g, b in zip(gs, bs):
        h = np.tanh(h * g + b)
        hs.append(h)
    loss = (h**2).sum()
    return loss

def backward(x, gs, bs, hs):
    dh = 2 * hs[-1]
    dgs = {start}
    dbs = {start}
    for i in reversed(range(3)):
        dz = dh * (1 - hs[i + 1] ** 2)
        {gather[0]}
        {gather[1]}
        dh = dz * gs[i]
    {end}
    dx = dh
"""

APPEND = ("dgs.append((dz * hs[i]).sum(0))", "dbs.append(dz.sum(0))")
WAYS = {
    "appended and reversed": ("[]", APPEND, "dgs.reverse(); dbs.reverse()"),
    "appended and turned": ("[]", APPEND, "dgs = dgs[::-1]; dbs = dbs[::-1]"),
    "appended and turned as others": (
        "[]",
        APPEND,
        "dgs, dbs = list(reversed(dgs)), list(reversed(dbs))",
    ),
    "put first": ("[]", ("dgs.insert(0, (dz * hs[i]).sum(0))", "dbs.insert(0, dz.sum(0))"), ""),
    "added in front": ("[]", ("dgs = [(dz * hs[i]).sum(0)] + dgs", "dbs = [dz.sum(0), *dbs]"), ""),
    "at its place": ("[None] * 3", ("dgs[i] = (dz * hs[i]).sum(0)", "dbs[i] = dz.sum(0)"), ""),
}
SLIPS = {
    "of the items": ("dz * hs[i]", "dz", {"gs[0]", "gs[1]", "gs[2]"}),
    "of what is handed on": ("dh = dz * gs[i]", "dh = dz", {"h"}),
}


def text(way: str) -> str:
    start, gather, end = WAYS[way]
    return FILE.format(start=start, gather=gather, end=end or "pass")


@pytest.mark.parametrize("way", WAYS)
def test_right_ones(way: str, tmp_path: Path) -> None:
    file = tmp_path / "listed.py"
    file.write_text(text(way))
    report = check(load(file))
    assert report.ok, str(report)
    assert not any("alone" in note for note in report.notes), str(report)


@pytest.mark.parametrize("slip", a_few(SLIPS))
@pytest.mark.parametrize("way", WAYS)
def test_a_slip_is_found_where_the_gradient_is_made(way: str, slip: str, tmp_path: Path) -> None:
    right, wrong, roots = SLIPS[slip]
    file = tmp_path / "listed.py"
    file.write_text(text(way).replace(right, wrong))
    report = check(load(file))
    assert {*report.roots} == roots, str(report)
    for row in report.rows:
        if row.mistake is not None:
            assert row.mistake.code == "missing-local", str(report)
            assert wrong in row.source


def test_gradients_left_in_the_order_in_which_they_came_are_wrong(tmp_path: Path) -> None:
    start, gather, _ = WAYS["appended and reversed"]
    file = tmp_path / "listed.py"
    file.write_text(FILE.format(start=start, gather=gather, end="pass"))
    assert {*check(load(file)).roots} == {"gs[0]", "gs[2]", "bs[0]", "bs[2]"}
