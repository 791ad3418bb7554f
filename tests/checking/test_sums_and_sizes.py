"""Cumulative sums and means: a slip in which elements are added up, or in how many there are."""

from __future__ import annotations

import pytest
from verdicts import Checked, Slip, assert_found, assert_right, slips

from sweeps import a_few

SUMS = """
import numpy as np

def inputs(rng, *, n=4, k=5):
    return {"x": rng.normal(size=(n, k)), "g": rng.normal(size=k)}

def forward(x, g):
    c = np.cumsum(x, axis=1)
    y = c * g
    return y

def backward(dy, c, g):
    dg = (dy * c).sum(0)
    dc = dy * g
    dx = np.cumsum(dc[:, ::-1], axis=1)[:, ::-1]
"""

SUMS_IN_TORCH = """
import torch

def inputs(rng, *, n=4, k=5):
    return {"x": torch.tensor(rng.normal(size=(n, k))), "g": torch.tensor(rng.normal(size=k))}

def forward(x, g):
    y = torch.cumsum(x, dim=1) * g
    return y

def backward(dy, x, g):
    dg = (dy * torch.cumsum(x, dim=1)).sum(0)
    dx = (dy * g).flip(1).cumsum(1).flip(1)
"""

FROM_THE_RIGHT = """
import numpy as np

def inputs(rng, *, n=4, k=5):
    return {"x": rng.normal(size=(n, k)), "g": rng.normal(size=k)}

def forward(x, g):
    c = x[:, ::-1].cumsum(axis=1)[:, ::-1]
    y = c * g
    return y

def backward(dy, c, g):
    dg = (dy * c).sum(0)
    dc = dy * g
    dx = np.cumsum(dc, axis=1)
"""

SUMS_AFTER = """
import numpy as np

def inputs(rng, *, n=3, k=5):
    return {"x": rng.uniform(0.5, 2, (n, k)), "w": rng.normal(size=k)}

def forward(x, w):
    before = np.cumsum(np.hstack([np.zeros((len(x), 1)), x[:, :-1]]), axis=1)
    out = (np.exp(-before) * w).sum(axis=1)
    return out

def backward(x, w, before, dout):
    dw = dout @ np.exp(-before)
    dbefore = -dout[:, None] * w * np.exp(-before)
    after = np.cumsum(dbefore[:, ::-1], axis=1)[:, ::-1] - dbefore
    dx = after * 1.0
"""

NORMALISED = """
import torch

def inputs(rng, *, n=4, c=3, h=2):
    x = torch.tensor(rng.normal(size=(n, c, h, h + 1)))
    return {"x": x, "g": torch.tensor(rng.normal(size=c))}

def forward(x, g):
    mean = x.mean((0, 2, 3), keepdim=True)
    var = ((x - mean) ** 2).mean((0, 2, 3), keepdim=True)
    xhat = (x - mean) / torch.sqrt(var + 1e-5)
    y = xhat * g.view(1, -1, 1, 1)
    return y

def backward(dy, x, g, xhat, var):
    m = x.numel() // x.size(1)
    over = (0, 2, 3)
    dg = (dy * xhat).sum(over)
    dxhat = dy * g.view(1, -1, 1, 1)
    along = (dxhat * xhat).sum(over, keepdim=True)
    dx = (m * dxhat - dxhat.sum(over, keepdim=True) - xhat * along) / m / torch.sqrt(var + 1e-5)
"""


PROBLEMS: dict[str, tuple[str, tuple[Slip, ...]]] = {
    "a sum from the left": (
        SUMS,
        (Slip("np.cumsum(dc[:, ::-1], axis=1)[:, ::-1]", "np.cumsum(dc, 1)", "x", "wrong-index"),),
    ),
    "a sum from the left in PyTorch": (
        SUMS_IN_TORCH,
        (Slip(".flip(1).cumsum(1).flip(1)", ".cumsum(1)", "x", "wrong-index"),),
    ),
    "a sum of what comes after": (
        SUMS_AFTER,
        (
            Slip("[:, ::-1] - dbefore", "[:, ::-1]", "x", "wrong-index"),
            Slip(
                "np.cumsum(dbefore[:, ::-1], axis=1)[:, ::-1]",
                "np.cumsum(dbefore, axis=1)",
                "x",
                "wrong-index",
            ),
        ),
    ),
    "a sum from the right": (
        FROM_THE_RIGHT,
        (
            Slip(
                "np.cumsum(dc, axis=1)",
                "np.flip(np.cumsum(np.flip(dc, 1), 1), 1)",
                "x",
                "wrong-index",
            ),
            Slip("np.cumsum(dc, axis=1)", "(np.cumsum(dc, axis=1) - dc)", "x", "wrong-index"),
        ),
    ),
    "the number of elements": (
        NORMALISED,
        (
            Slip("x.numel() // x.size(1)", "x.size(0)", "x", "unnormalised"),
            Slip("x.numel() // x.size(1)", "x.shape[0]", "x", "unnormalised"),
            Slip("x.numel() // x.size(1)", "x.size(2) * x.size(3)", "x", "unnormalised"),
        ),
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_right(checked: Checked, name: str) -> None:
    assert_right(checked(PROBLEMS[name][0]))


@pytest.mark.parametrize(("source", "slip"), a_few(slips(PROBLEMS)))
def test_wrong(checked: Checked, source: str, slip: Slip) -> None:
    assert_found(checked(slip.within(source)), slip)


SMOOTHED = """
import numpy as np
data = ("Y",)

def inputs(rng, *, rows=4, words=6):
    return {"x": rng.normal(size=(rows, words)), "Y": np.eye(words)[rng.integers(0, words, rows)]}

def forward(x, Y):
    rows, words = x.shape
    p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    loss = -((0.9 * Y + 0.1 / words) * np.log(p)).sum() / rows
    return loss

def backward(x, Y, p):
    rows, words = x.shape
    soft = 0.9 * Y + 0.1 / words
    dx = (p - soft) / rows
"""


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("0.1 / words\n    dx", "0.1 / rows\n    dx", "rows"),
        ("soft) / rows", "soft) / words", "words"),
    ],
)
def test_one_size_divided_by_in_place_of_another(
    checked: Checked, right: str, wrong: str, said: str
) -> None:
    assert_right(checked(SMOOTHED))
    source = SMOOTHED.replace(right, wrong)
    row = checked(source)["x"]
    assert row.mistake is not None and row.mistake.code == "unnormalised"
    assert f"`{said}` is not the number of elements" in row.mistake.message
    assert row.line == source.partition(wrong)[0].count("\n") + 1
