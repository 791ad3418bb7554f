"""A pair whose backward goes on with a gradient under another name, beside a mistake elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import Problem
from byhand.sources.load import load

NORM = """
import numpy as np

def norm_forward(x, gamma, beta):
    mu = x.mean(0)
    xc = x - mu
    var = (xc ** 2).mean(0)
    istd = 1 / np.sqrt(var + 1e-5)
    xhat = xc * istd
    out = gamma * xhat + beta
    return out, (x, gamma, xc, istd, xhat)

def norm_backward(dout, cache):
    x, gamma, xc, istd, xhat = cache
    n = len(x)
    dbeta = dout.sum(0)
    dgamma = (dout * xhat).sum(0)
    dxhat = dout * gamma
    distd = (dxhat * xc).sum(0)
    dvar = -0.5 * istd ** 3 * distd
    dxc = dxhat
    dxc *= istd
    dxc = dxc + 2 / n * xc * dvar
    dx = dxc - dxc.mean(0)
    return dx, dgamma, dbeta
"""


@pytest.mark.parametrize(
    ("right", "wrong", "root"),
    [
        ("", "", None),
        (" * distd\n", "\n", "var"),
        ("dxc.mean(0)", "dxc.sum(0)", "x"),
        ("dxc *= istd", "dxc *= istd * 2", "xc"),
    ],
)
def test_one_root(right: str, wrong: str, root: str | None, tmp_path: Path) -> None:
    file = tmp_path / "norm.py"
    file.write_text(NORM.replace(right, wrong) if right else NORM)
    problem = load(file)
    assert isinstance(problem, Problem)
    report = check(problem)
    assert report.ok is (root is None), str(report)
    assert report.roots == (() if root is None else (root,))
    assert "aliased" not in str(report)
