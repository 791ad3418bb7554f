"""At ties any weights that add up to 1 are right, and others are found."""

from __future__ import annotations

from pathlib import Path

import pytest
from edited import changed
from verdicts import Checked, assert_right

# Whole numbers: the largest of a row often occurs twice, and ReLU is often at exactly 0.
TIES = (Path(__file__).parents[1] / "problems/ties.py").read_text()
SHARES = "largest / largest.sum(axis=1, keepdims=True)"
FIRST = "((x == top) & (np.cumsum(x == top, axis=1) == 1))"
LAST = "(largest & (np.cumsum(largest, axis=1) == largest.sum(axis=1, keepdims=True)))"
UNEVEN = "(x == top) * np.arange(1, 1 + x.shape[1])"

# Two named values that are often equal, each with a gradient of its own, and a kink at 0.
TWO = """
import numpy as np

def inputs(rng, *, n=4, m=3):
    whole = lambda *shape: rng.integers(0, 3, shape).astype(float)
    return {"a": whole(n, m), "b": whole(m)}

def forward(a, b):
    u = a * 2
    v = b * 2
    out = np.maximum(u, v) + np.abs(a - 1)
    return out

def backward(a, b, u, v, dout):
    du = dout * (u >= v)
    dv = (dout * (u < v)).sum(0)
    da = 2 * du + dout * np.sign(a - 1)
    db = 2 * dv
"""

# What is largest has no name of its own.
UNNAMED = """
import numpy as np

def inputs(rng, *, n=4, m=3):
    whole = lambda *shape: rng.integers(0, 3, shape).astype(float)
    return {"a": whole(n, m), "b": whole(m)}

def forward(a, b):
    out = (a + b).max(axis=1)
    return out

def backward(a, b, dout):
    largest = a + b == (a + b).max(axis=1, keepdims=True)
    shares = largest / largest.sum(axis=1, keepdims=True)
    da = dout[:, None] * shares
    db = (dout[:, None] * shares).sum(0)
"""

RIGHT: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "each the same": (TIES, ()),
    "all to the first": (TIES, ((SHARES, FIRST),)),
    "all to the last": (TIES, ((SHARES, LAST),)),
    "more to the later": (
        TIES,
        (("largest = x == top", f"largest = {UNEVEN}"),),
    ),
    "relu is 0 at 0": (TIES, (("(x >= 0)", "(x > 0)"),)),
    "relu is a third at 0": (TIES, (("(x >= 0)", "((x > 0) + (x == 0) / 3)"),)),
    "all to one of two": (TWO, ()),
    "all to the other": (TWO, (("u >= v", "u > v"), ("u < v", "u <= v"))),
    "some to each": (
        TWO,
        (("(u >= v)", "((u > v) + 0.4 * (u == v))"), ("(u < v)", "((u < v) + 0.6 * (u == v))")),
    ),
    "a side of abs": (TWO, (("np.sign(a - 1)", "np.where(a >= 1, 1.0, -1.0)"),)),
    "unnamed": (UNNAMED, ()),
    "by way of a local": (
        TIES,
        ((f"dx += dtop * {SHARES}", f"draft = dx + dtop * {SHARES}\n    dx = draft"),),
    ),
}
WRONG: dict[str, tuple[str, tuple[tuple[str, str], ...], str, str]] = {
    "all to each": (TIES, ((SHARES, "largest"),), "x", "double-path"),
    "nothing to any": (
        TIES,
        ((SHARES, "(largest & (largest.sum(axis=1, keepdims=True) == 1))"),),
        "x",
        "missing-path",
    ),
    "twice where there are several": (
        TIES,
        ((SHARES, f"{SHARES} * (1 + (largest.sum(axis=1, keepdims=True) > 1))"),),
        "x",
        "double-path",
    ),
    "relu is 2 at 0": (TIES, (("(x >= 0)", "((x > 0) + 2.0 * (x == 0))"),), "x", "factor"),
    "all to both of two": (TWO, (("u < v", "u <= v"),), "v", "double-path"),
    "nothing to either": (TWO, (("u >= v", "u > v"),), "v", "missing-path"),
    "beyond the sides of abs": (
        TWO,
        (("np.sign(a - 1)", "(np.sign(a - 1) + 2 * (a == 1))"),),
        "a",
        "factor",
    ),
    "unnamed, all to each": (
        UNNAMED,
        (("da = dout[:, None] * shares", "da = dout[:, None] * largest"),),
        "a",
        "double-path",
    ),
    "what is not tied": (TIES, ((SHARES, f"{SHARES} + (x < top)"),), "x", ""),
}


@pytest.mark.parametrize("weights", RIGHT)
def test_any_weights_that_add_up_to_1_are_right(checked: Checked, weights: str):
    source, changes = RIGHT[weights]
    assert_right(checked(changed(source, *changes)))


@pytest.mark.parametrize("weights", WRONG)
def test_weights_that_add_up_to_something_else_are_wrong(checked: Checked, weights: str):
    source, changes, root, code = WRONG[weights]
    report = checked(changed(source, *changes))
    assert report.roots == (root,)
    row = report[root]
    assert row.verdict == "wrong"
    assert row.line is not None
    assert row.mistake is not None
    assert row.mistake.code == code or not code
    assert not code or "must add up to 1" in row.mistake.message


def test_a_tie_that_the_true_gradients_dont_show_is_no_mistake(checked: Checked):
    shifted = changed(
        TIES,
        ("out = r * w + top * top", "out = r * w + 0 * top"),
        ("dtop = (dout * 2 * top)", "dtop = 0 * (dout * 2 * top)"),
        (SHARES, "largest"),
    )
    assert_right(checked(shifted))
