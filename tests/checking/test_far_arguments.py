"""The usual forms of a derivative on small, large and saturated arguments: none is called wrong
where its numbers are finite, though the square of some has no place in the type."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import load
from sweeps import a_few

FILE = """
import numpy as np

def inputs(rng, *, n=40):
    return {{"z": (rng.normal(size=n) * {scale}).astype(np.{dtype})}}

def forward(z):
    a = {forward}
    return a

def backward(da, a, z):
    dz = da * ({slope})
"""
FORMS = {
    "1 / (1 + np.exp(-z))": (
        "a * (1 - a)",
        "a - a**2",
        "1 / (2 + np.exp(z) + np.exp(-z))",
        "np.exp(-z) / (1 + np.exp(-z))**2",
    ),
    "np.tanh(z)": (
        "1 - a**2",
        "(1 - a) * (1 + a)",
        "1 / np.cosh(z)**2",
        "4 / (np.exp(z) + np.exp(-z))**2",
    ),
    "np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))": ("1 / (1 + np.exp(-z))", "np.exp(z - a)"),
    "np.logaddexp(0, z)": ("1 / (1 + np.exp(-z))", "np.exp(z - a)"),
    "z / (1 + np.exp(-z))": ("(lambda s: a + s * (1 - a))(1 / (1 + np.exp(-z)))",),
    "np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1)": ("np.where(z > 0, 1.0, a + 1)",),
    "z / (1 + np.abs(z))": ("(1 - np.abs(a))**2", "1 / (1 + np.abs(z))**2"),
    "np.exp(-z**2)": ("-2 * z * a",),
}
CASES = [
    (dtype, scale, forward, slope)
    for dtype in ("float64", "float32")
    for scale in (1e-3, 1, 8, 30, 120, 400, 1000)
    for forward, slopes in FORMS.items()
    for slope in slopes
]


def text(dtype: str, scale: float, forward: str, slope: str) -> str:
    return FILE.format(dtype=dtype, scale=scale, forward=forward, slope=slope)


@pytest.mark.parametrize(("dtype", "scale", "forward", "slope"), a_few(CASES))
def test_right_ones(dtype: str, scale: float, forward: str, slope: str, tmp_path: Path) -> None:
    file = tmp_path / "far.py"
    file.write_text(text(dtype, scale, forward, slope))
    row = check(load(file))["z"]
    assert row.right or row.verdict in {"unjudged", "nonfinite"}, str(row)
    if row.verdict == "nonfinite":  # exp(-z) is infinite, and so is its square
        assert "np.exp(-z) / " in slope
        assert scale >= 120


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scale", [1, 30, 400])
@pytest.mark.parametrize("slope", ["a * (1 - a) + 1e-4", "a * (1 - a) * 1.001", "a", "a - a**3"])
def test_wrong_ones(dtype: str, scale: float, slope: str, tmp_path: Path) -> None:
    file = tmp_path / "far.py"
    file.write_text(text(dtype, scale, "1 / (1 + np.exp(-z))", slope))
    assert check(load(file))["z"].verdict == "wrong"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_is_small_everywhere_is_judged(dtype: str, tmp_path: Path) -> None:
    file = tmp_path / "far.py"
    file.write_text(text(dtype, 1, "1e-25 * z", "1e-25 + 0 * z"))
    assert check(load(file))["z"].right
    file.write_text(text(dtype, 1, "1e-25 * z", "0 * z"))
    assert check(load(file))["z"].verdict == "wrong"
