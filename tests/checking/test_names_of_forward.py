"""Forward has names of its own that begin with d, and a value by the rest of the name.

What backward binds to `dp` anew is the gradient of p; what it was given by that name isn't.
"""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

SOURCE = """
import numpy as np

def inputs(rng, *, n=4, m=3):
    return {"x": rng.normal(size=(n, m)), "p": rng.normal(size=(n, m))}

def forward(x, p):
    dp = x - p
    dist = (dp * dp).sum(1)
    y = np.tanh(dist)
    return y

def backward(x, p, dist, PARAMETERS, dy):
    STATEMENTS
"""
DDIST = "ddist = dy * (1 - np.tanh(dist) ** 2)"

WAYS = {
    "given, and bound anew": ("dp", "ddp = 2 * dp * ddist[:, None]", "dx = ddp", "dp = -ddp"),
    "given, and read where it is bound": (
        "dp",
        "dx = 2 * dp * ddist[:, None]",
        "dp = -2 * dp * ddist[:, None]",
    ),
    "bound beside another": (
        "dp",
        "ddp = 2 * dp * ddist[:, None]",
        "dx, dp = ddp, -ddp",
    ),
    "room that is filled": (
        "dp",
        "ddp = 2 * dp * ddist[:, None]",
        "dx = ddp",
        "dp = np.zeros_like(p)",
        "dp -= ddp",
    ),
    "computed again, and then bound anew": (
        "y",
        "dp = x - p",
        "ddp = 2 * dp * ddist[:, None]",
        "dx = ddp",
        "dp = -ddp",
    ),
    "computed again though it was given": (
        "dp",
        "dp = x - p",
        "ddp = 2 * dp * ddist[:, None]",
        "dx = ddp",
        "dp = -ddp",
    ),
}


def _source(parameters: str, *statements: str) -> str:
    body = "\n    ".join([DDIST, *statements])
    return SOURCE.replace("PARAMETERS", parameters).replace("STATEMENTS", body)


@pytest.mark.parametrize("way", WAYS)
def test_right(checked: Checked, way: str) -> None:
    report = checked(_source(*WAYS[way]))
    assert_right(report)
    assert {row.name for row in report.rows} >= {"x", "p"}


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_one_is_a_root(checked: Checked, way: str) -> None:
    parameters, *statements = WAYS[way]
    last = statements[-1]
    statements[-1] = last.replace("-ddp", "ddp").replace("-2", "2").replace("-= ddp", "+= ddp")
    assert statements[-1] != last
    report = checked(_source(parameters, *statements))
    assert report.roots == ("p",)
    mistake = report["p"].mistake
    assert mistake is not None and mistake.code == "sign"


def test_a_statement_that_raises_is_its_row(checked: Checked) -> None:
    report = checked(_source("dp", "dx = 2 * dp * ddist[:, None]", "dp = -dx @ dx"))
    assert report["p"].verdict == "error"
    assert report["x"].right


def test_what_only_was_given_is_no_gradient(checked: Checked) -> None:
    report = checked(_source("dp", "ddp = 2 * dp * ddist[:, None]", "dx = ddp"))
    assert report["p"].verdict == "missing"


def test_what_is_taken_out_of_what_forward_kept_is_no_gradient(checked: Checked) -> None:
    source = SOURCE.replace("dp", "delta").replace(
        "    y = np", "    kept = (dist, delta)\n    y = np"
    )
    body = "\n    ".join(
        ("dist, delta = kept", DDIST, "dx = 2 * delta * ddist[:, None]", "dp = -dx")
    )
    report = checked(source.replace("dist, PARAMETERS", "kept").replace("STATEMENTS", body))
    assert_right(report)
    assert not report.notes
