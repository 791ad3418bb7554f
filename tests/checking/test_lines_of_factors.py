"""A number or a sign that is missing: in which line, where a local stands between."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

CURVED = """
import numpy as np

def inputs(rng, *, n=4, d=3):
    return {"x": rng.normal(size=(n, d)), "cap": np.array(3.0)}

data = ("cap",)

def forward(x, cap):
    t = np.tanh(x / cap)
    cubed = t + 0.3 * t**3
    out = cubed**2
    return out

def backward(x, cap, t, cubed, dout):
    ratio = cubed / 1
    dcubed = dout * 2 * ratio
    squared = t * 3
    outer = 1 + 0.1 * squared * squared
    inner = (1 - t**2) / cap
    dt = dcubed * outer
    dx = dt * inner
"""
RETURNED = """
import numpy as np

def inputs(rng, *, n=4, d=3):
    return {"x": rng.normal(size=(n, d))}

def forward(x):
    n = len(x)
    out = 3 * np.exp(-2 * x) / n
    return out

def backward(x, dout):
    n = len(x)
    slope = -6 * np.exp(-2 * x)
    slope = slope / n
    dx = LAST
"""


def line_of(source: str, text: str) -> int:
    assert source.count(text) == 1
    return source.partition(text)[0].count("\n") + 1


@pytest.mark.parametrize("last", ["dout * slope", "slope * dout"])
@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("slope / n", "2 * slope / n", "factor"),
        ("slope / n", "-slope / n", "sign"),
        ("slope / n", "slope / 3 / n", "factor"),
    ],
)
def test_what_only_meets_the_given_gradient(
    checked: Checked, last: str, old: str, new: str, code: str
) -> None:
    """The last line has no room for a number or a sign."""
    source = RETURNED.replace("LAST", last)
    assert_right(checked(source))
    wrong = source.replace(old, new)
    row = checked(wrong)["x"]
    assert row.mistake is not None and row.mistake.code == code
    assert row.line == line_of(wrong, new)


def test_a_number_in_the_line_that_has_room_for_it(checked: Checked) -> None:
    source = RETURNED.replace("LAST", "dout * slope * 2")
    assert checked(source)["x"].line == line_of(source, "dout * slope")


def test_a_local_whose_square_is_taken(checked: Checked) -> None:
    assert_right(checked(CURVED))
    wrong = CURVED.replace("squared = t * 3", "squared = t * 6")
    row = checked(wrong)["t"]
    assert row.mistake is not None
    assert row.mistake.message == "`t * 6` is 2 times what it should be"
    assert row.line == line_of(wrong, "squared = t")


def test_a_path_that_one_line_alone_has_a_number_of(checked: Checked) -> None:
    source = CURVED.replace("squared = t * 3", "squared = t").replace(
        "0.1 * squared * squared", "0.9 * squared**2"
    )
    assert_right(checked(source))
    wrong = source.replace("0.9 * squared**2", "0.3 * squared**2")
    row = checked(wrong)["t"]
    assert row.mistake is not None and row.mistake.code == "factor"
    assert row.line == line_of(wrong, "outer = 1")
