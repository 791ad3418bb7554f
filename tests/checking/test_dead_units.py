"""Deep nets with dropout, whose masks and relus let nothing through here and there: a gradient that
is zero is one all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import load

FILE = """
import torch
import torch.nn.functional as F

data = ("masks", "y")

def inputs(rng, *, n=1, d=4):
    return {{
        "x": torch.tensor(rng.normal(size=(n, d))),
        "Ws": [torch.tensor(rng.normal(size=(d, d))) for _ in range(2)],
        "bs": [torch.tensor(rng.normal(size=d)) for _ in range(2)],
        "masks": [torch.tensor((rng.random((n, d)) < 0.5) * 2.0) for _ in range(2)],
        "y": torch.tensor(rng.integers(0, d, n)),
    }}

def forward(x, Ws, bs, masks, y):
    h = x
    kept = []
    for W, b, m in zip(Ws, bs, masks):
        z = h @ W + b
        a = torch.relu(z)
        kept.append((h, a, m))
        h = a * m
    loss = F.cross_entropy(h, y)
    return loss

def backward(x, Ws, bs, masks, y, h, kept):
    dh = torch.softmax(h, 1)
    dh[torch.arange(len(y)), y] -= 1
    dh = dh / len(y)
    dWs, dbs = [None] * 2, [None] * 2
    for i in reversed(range(2)):
        before, a, m = kept[i]
        {slope}
        dWs[i] = before.T @ {d}
        dbs[i] = {d}.sum(0)
        dh = {d} @ Ws[i].T
    dx = dh
"""
SLOPES = {
    "two steps": ("da = dh * m; dz = da * (a > 0)", "dz"),
    "one step": ("delta = dh * m * (a > 0)", "delta"),
}


@pytest.mark.parametrize("name", SLOPES)
def test_no_alarm_where_nothing_comes_through(name: str, tmp_path: Path) -> None:
    slope, d = SLOPES[name]
    file = tmp_path / "dropout.py"
    file.write_text(FILE.format(slope=slope, d=d))
    problem = load(file)
    for seed in range(8):
        report = check(problem, seed=seed)
        assert report.ok, f"seed {seed}: {report}"
