"""A backward in half precision that names its type: rounding hides no mistake, and is none."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

LAYER = """
import numpy as np

HELPER

def inputs(rng, *, n=6, d=5, k=4):
    x, W = rng.normal(size=(n, d)), rng.normal(size=(d, k)) / 2
    return {"x": x.astype(np.float16), "W": W.astype(np.float16)}

def forward(x, W):
    a = np.tanh(x @ W)
    out = a * a
    return out

def backward(x, W, a, dout):
    da = 2 * a * dout
    dz = da * (1 - a**2)
    dW = TIMES * HALF(x.T.astype(np.float32) @ dz)
    dx = HALF(dz.astype(np.float32) @ W.T)
"""
CASTS = [
    ("", "({}).astype(np.float16)"),
    ("", '({}).astype("float16")'),
    ("", "np.float16({})"),
    ("", "np.asarray({}, dtype=np.half)"),
    ("half = np.float16", "({}).astype(half)"),
    ("def half(a):\n    return a.astype(np.float16)", "half({})"),
]


def source(cast: tuple[str, str], times: float | str) -> str:
    helper, form = cast
    text = LAYER.replace("HELPER", helper).replace("TIMES * ", f"{times} * " if times != 1 else "")
    for inside in ("x.T.astype(np.float32) @ dz", "dz.astype(np.float32) @ W.T"):
        text = text.replace(f"HALF({inside})", form.format(inside))
    return text


@pytest.mark.parametrize("cast", CASTS)
def test_what_rounds_to_halves_is_right(checked: Checked, cast: tuple[str, str]) -> None:
    assert_right(checked(source(cast, 1)))


@pytest.mark.parametrize("cast", CASTS)
@pytest.mark.parametrize("times", [1.01, 0.97])
def test_a_factor_shows_in_float64(checked: Checked, cast: tuple[str, str], times: float) -> None:
    report = checked(source(cast, times))
    assert report.roots == ("W",)
    mistake = report["W"].mistake
    assert mistake is not None and mistake.code == "factor"


TENSORS = """
import torch

def inputs(rng, *, n=6, d=5):
    x, w = rng.normal(size=(n, d)), rng.normal(size=d)
    return {"x": torch.tensor(x).bfloat16(), "w": torch.tensor(w).bfloat16()}

def forward(x, w):
    inv = torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-2)
    out = x * inv * w
    return out

def backward(x, w, inv, dout):
    xhat = x * inv
    dw = TIMES((dout * xhat).float().sum(0)).bfloat16()
    dxhat = dout * w
    dx = (inv * (dxhat - xhat * (dxhat * xhat).mean(-1, keepdim=True))).to(torch.bfloat16)
"""


def test_a_factor_in_tensors(checked: Checked) -> None:
    assert_right(checked(TENSORS.replace("TIMES", "")))
    report = checked(TENSORS.replace("TIMES", "1.01 * "))
    assert report.roots == ("w",)


def test_what_asks_for_the_largest_number_stays_in_halves(checked: Checked) -> None:
    """In another type that is another number."""
    text = source(CASTS[0], 1).replace("a = np.tanh(x @ W)", "a = np.tanh(x @ W) / np.float16(8)")
    text = text.replace("dz = da * (1 - a**2)", "dz = da * (1 - (a * top) ** 2) / top")
    top = "np.sqrt(np.finfo(np.float16).max // 1000 - 1)"
    assert_right(
        checked(text.replace("    da = 2", f"    top = {top} * 8 / np.sqrt(64)\n    da = 2"))
    )


CAST_IN_FORWARD = """
import torch

def inputs(rng, *, n=6, d=5):
    x, g = rng.normal(size=(n, d)), rng.normal(size=d)
    return {"x": torch.tensor(x).half(), "g": torch.tensor(g).half()}

def forward(x, g):
    mu = x.float().mean(-1, keepdim=True)
    var = ((x.float() - mu) ** 2).mean(-1, keepdim=True)
    rstd = torch.rsqrt(var + 1e-5)
    xhat = ((x.float() - mu) * rstd).half()
    y = xhat * g
    return y

def backward(x, g, mu, rstd, xhat, dy):
    dg = (dy * xhat).sum(0)
    dxhat = (dy * g).half()
    c1 = (dxhat.float() * xhat.float()).mean(-1, keepdim=True)
    c2 = dxhat.float().mean(-1, keepdim=True)
    dx = ((dxhat.float() - xhat.float() * c1 - c2) * rstd).half()
"""


def test_what_forward_casts_hides_nothing(checked: Checked) -> None:
    assert_right(checked(CAST_IN_FORWARD))
    report = checked(CAST_IN_FORWARD.replace("- c2)", "- 0.95 * c2)"))
    assert report.roots == ("x",)
