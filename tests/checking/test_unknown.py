"""Where no mistake has a name, the message holds a fact that helps; and nothing that isn't so."""

from __future__ import annotations

import pytest
from verdicts import Checked

SOURCE = """
import numpy as np

def inputs(rng, *, n=5, m=3):
    return {"x": rng.normal(size=(n, m)), "gain": rng.normal(size=m)}

def forward(x, gain):
    h = np.maximum(x, 0)
    out = gain * h
    first = out[:, 0]
    return first

def backward(x, gain, h, out, dfirst):
    DOUT
    dh = DH
    dx = DX
"""
DOUT = "dout = np.zeros_like(out)\n    dout[:, 0] = dfirst"


@pytest.mark.parametrize(
    ("dout", "dh", "dx", "said"),
    [
        (DOUT, "dout * gain", "np.maximum(x, 0) * dh", "dx is x times what it should be"),
        (DOUT, "gain * gain * dout", "(x > 0) * dh", "without `gain` the line is right"),
        (
            DOUT,
            "dout * gain",
            "(x > 0) * dh * len(x) / (len(x) + 1)",
            "without `1` the line is right",
        ),
        (
            DOUT.replace("zeros", "ones"),
            "dout * gain",
            "(x > 0) * dh",
            "dout is wrong in the columns 1, 2, right in the others, where it should be 0",
        ),
    ],
)
def test_a_fact_that_helps(checked: Checked, dout: str, dh: str, dx: str, said: str) -> None:
    source = SOURCE.replace("DOUT", dout).replace("DH", dh).replace("DX", dx)
    report = checked(source)
    (root,) = report.roots
    mistake = report[root].mistake
    assert mistake is not None
    assert (mistake.code, mistake.message) == ("unknown", said)


def test_a_factor_that_changes_with_the_sizes(checked: Checked) -> None:
    source = SOURCE.replace("DOUT", DOUT).replace("DH", "dout * gain")
    report = checked(source.replace("DX", "(x > 0) * dh * (1 + x.shape[1]) ** 0.5 / len(x) ** 0.5"))
    mistake = report["x"].mistake
    assert mistake is not None and mistake.code == "unknown"
    assert mistake.message.startswith("dx is 0.894 times what it should be, and off by another")
    report = checked(source.replace("DX", "(x > 0) * dh / np.sqrt(1 + dfirst[0] ** 2)"))
    mistake = report["x"].mistake
    assert mistake is not None and "times what" not in mistake.message
