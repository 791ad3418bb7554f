"""What is said of a backward as a whole: what it returned, and what it changed beside its rows."""

from __future__ import annotations

import numpy as np
import pytest
from edited import changed
from verdicts import Checked, assert_right, verdicts

from byhand.checking.check import check

FORWARD = """
import functools
import numpy as np

def inputs(rng, *, n=6, wide=4):
    return {"x": rng.normal(size=(n, wide)), "W": rng.normal(size=(wide, 3))}

def forward(x, W):
    h = np.tanh(x @ W)
    loss = (h * h).sum()
    return loss
"""
# The same work, as a plain function and as one that can't be taken apart.
PLAIN = (
    FORWARD
    + """
def backward(x, W, h):
    a = 2 * h * (1 - h**2)
    return {"x": a @ W.T, "W": x.T @ a}
"""
)
OPAQUE = (
    FORWARD
    + """
def work(scale, x, W, h):
    a = 2 * h * (1 - h**2)
    return {"x": a @ W.T, "W": x.T @ a}

backward = functools.partial(work, 1.0)
"""
)
IN_PLACE = (
    ("a = 2 * h * (1 - h**2)", "h *= 2 * (1 - h**2)"),
    ('{"x": a @ W.T, "W": x.T @ a}', '{"x": h @ W.T, "W": x.T @ h}'),
)
TUPLE = (('{"x": a @ W.T, "W": x.T @ a}', "a @ W.T, x.T @ a"),)
both = pytest.mark.parametrize("source", [PLAIN, OPAQUE], ids=["plain", "opaque"])


@both
def test_right(checked: Checked, source: str):
    report = checked(source)
    assert_right(report)
    assert not any("returned" in note for note in report.notes)


@both
def test_a_forward_value_changed_on_the_way_to_a_dict_is_aliased(checked: Checked, source: str):
    report = checked(changed(source, *IN_PLACE))
    assert not report.ok
    assert report.roots == ("x" if source is PLAIN else "backward",)
    assert report["W"].right
    row = report[report.roots[0]]
    assert (row.verdict, row.mistake and row.mistake.code) == ("wrong", "aliased")
    said = row.mistake.message if row.mistake else ""
    assert "changes h, a value of the forward pass" in said
    assert ("h *= " in row.source) == (source is PLAIN)


@both
def test_a_tuple_is_no_dict(checked: Checked, source: str):
    report = checked(changed(source, *TUPLE))
    assert verdicts(report) == {"x": "missing", "W": "missing"}
    (note,) = (note for note in report.notes if "returned" in note)
    assert note.startswith("backward returned a tuple of 2, which is not read: return a dict")


def test_a_tuple_beside_the_locals_is_nothing_to_talk_about(checked: Checked):
    returned = "dx, dW = a @ W.T, x.T @ a\n    return dx, dW"
    locals_too = changed(PLAIN, ('return {"x": a @ W.T, "W": x.T @ a}', returned))
    report = checked(locals_too)
    assert_right(report)
    assert not report.notes


def test_a_value_that_is_returned_twice_gets_both_gradients():
    def forward(x):
        a = np.tanh(x)
        return a, a

    def backward(a, da):
        dx = (1 - a**2) * da  # noqa: F841 (locals are answers)

    assert_right(check(forward, backward, {"x": np.random.default_rng(0).normal(size=5)}))


@pytest.mark.parametrize(
    ("value", "where"), [("np.inf", "everywhere"), ("np.nan * dW", "everywhere")]
)
def test_what_is_not_finite_is_said_plainly(checked: Checked, value: str, where: str):
    local = changed(PLAIN, ('return {"x": a @ W.T, "W": x.T @ a}', "dx, dW = a @ W.T, x.T @ a"))
    report = checked(f"{local}\n    dW[...] = {value}\n")
    assert report.roots == ("W",)
    assert report["W"].verdict == "nonfinite"
    mistake = report["W"].mistake
    assert mistake is not None
    assert (mistake.code, mistake.message) == ("unknown", f"dW is NaN or infinite {where}")


def test_one_infinite_element_is_named(checked: Checked):
    local = changed(PLAIN, ('return {"x": a @ W.T, "W": x.T @ a}', "dx, dW = a @ W.T, x.T @ a"))
    report = checked(f"{local}\n    dW[1] = np.inf\n")
    mistake = report["W"].mistake
    assert mistake is not None
    assert mistake.code == "unknown"
    assert mistake.message == "dW is NaN or infinite in the rows 1, right in the others"
