"""What is said of a backward as a whole: what it returned, and what it changed beside its rows."""

from __future__ import annotations

import numpy as np
import pytest
from edited import changed
from verdicts import Checked, assert_right, verdicts

from byhand.checking.check import check
from byhand.checking.report import Report

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
def test_a_value_of_forward_may_be_used_up(checked: Checked, source: str):
    report = checked(changed(source, *IN_PLACE))
    assert_right(report)
    said = "line 14 changes h, which backward was given; nothing needs it as it was"
    assert (said in report.notes) == (source is PLAIN)


def test_a_value_of_forward_may_be_used_up_under_another_name(checked: Checked):
    other = (IN_PLACE[0][0], "a = h\n    a *= 2 * (1 - h**2)")
    assert_right(checked(changed(PLAIN, other)))
    by_name = changed(PLAIN, other, ("x.T @ a}", "x.T @ a + 0 * h.sum()}"))
    assert codes(checked(by_name)) == {"W": "aliased"}


def test_all_that_is_used_up_is_said_at_once(checked: Checked):
    after = "x.T @ h}\n    x *= 2\n    W *= 2\n    return found"
    report = checked(
        changed(PLAIN, *IN_PLACE, ('return {"x": h', 'found = {"x": h'), ("x.T @ h}", after))
    )
    assert_right(report)
    (note,) = report.notes
    assert note == (
        "lines 14, 16 and 17 change h, x and W, which backward was given; nothing needs them as "
        "they were"
    )


def test_beside_a_mistake_it_isnt_said_that_nothing_needs_it(checked: Checked):
    report = checked(changed(PLAIN, (IN_PLACE[0][0], "h *= 1 - h"), IN_PLACE[1]))
    assert not report.ok
    (note,) = report.notes
    assert note == "line 14 changes h, which backward was given; what reads it later gets that"


def test_who_reads_a_used_up_value_as_it_was_is_wrong(checked: Checked):
    own = changed(PLAIN, (IN_PLACE[0][0], "a = 2 * h * (1 - h**2)\n    h *= 0.5"))
    report = checked(changed(own, ("x.T @ a}", "x.T @ (2 * h * (1 - h**2))}")))
    assert codes(report) == {"W": "aliased"}
    row = report["W"]
    assert row.mistake is not None
    assert row.mistake.message.startswith("this line changes h, which dW still needs as it was")
    assert row.source == "h *= 0.5"
    assert not report.notes


@both
def test_an_input_may_be_used_up_as_well(checked: Checked, source: str):
    own = "dW = x.T @ (2 * h * (1 - h**2))\n    x *= 0\n    a = 2 *"
    report = checked(changed(source, ("a = 2 *", own), ('"W": x.T @ a', '"W": dW')))
    assert_right(report)
    said = "line 15 changes x, which backward was given; nothing needs it as it was"
    assert (said in report.notes) == (source is PLAIN)


def codes(report: Report) -> dict[str, str]:
    return {row.name: row.mistake.code for row in report.rows if row.mistake is not None}


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
