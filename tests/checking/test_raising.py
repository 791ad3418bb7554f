"""A statement that raises: its row says what it raised, what to do, and no mistake is made up."""

from __future__ import annotations

import pytest
from edited import line
from verdicts import Checked, assert_right, verdicts

PRE = "dpre = (1 - h**2) * dh"


def at(source: str, text: str) -> int:
    return next(i for i, row in enumerate(source.splitlines(), 1) if text in row)


# What is changed, the row that says so, the statement at fault, and what is said.
RAISING: dict[str, tuple[tuple[tuple[str, str], ...], str, str, str]] = {
    "a parameter is missing": (
        (("def backward(x, W, h, picked", "def backward(x, W, h"), ("y, n):", "y, n):")),
        "picked",
        "dpicked = 2 * picked / n",
        "raised NameError: name 'picked' is not defined: "
        "forward has it: add picked to backward's parameters",
    ),
    "a local isn't made yet": (
        (("db = dpre.sum(0)", "db = total * 1.0\n    total = dpre.sum(0)"),),
        "b",
        "db = total * 1.0",
        "raised NameError: name 'total' is not defined: "
        "it isn't assigned before line 23: move that line up, or this one down",
    ),
    "a local is misspelt": (
        (("db = dpre.sum(0)", "total = dpre.sum(0)\n    db = totla"),),
        "b",
        "db = totla",
        "raised NameError: name 'totla' is not defined: did you mean total?",
    ),
    "shapes that don't fit": (
        (("dW = x.T @ dpre", "dW = x @ dpre"),),
        "W",
        "dW = x @ dpre",
        "the inner sizes 4 and 6 differ: x has shape (6, 4), dpre (6, 3)",
    ),
    "shapes that don't broadcast": (
        (("dh[np.arange(n), y] = dpicked", "dh[np.arange(n), y] = dpicked * np.ones(4)"),),
        "h",
        "dh[np.arange(n), y] = dpicked * np.ones(4)",
        "raised ValueError: operands could not be broadcast together with shapes (6,) (4,)",
    ),
    "in place": (
        (("db = dpre.sum(0)", "db = np.zeros(3)\n    db += dpre"),),
        "b",
        "db += dpre",
        "db has shape (3,), dpre (6, 3)",
    ),
    "a local that a gradient needs": (
        ((PRE, "slope = 1 - hh**2\n    dpre = slope * dh"),),
        "x",
        "slope = 1 - hh**2",
        "raised NameError: name 'hh' is not defined: did you mean h?",
    ),
    "a local that is left as it was": (
        ((PRE, f"{PRE}\n    dpre = dpre @ x"),),
        "x",
        "dpre = dpre @ x",
        "dpre has shape (6, 3), x (6, 4)",
    ),
    "a deleted local": (
        (("db = dpre.sum(0)", "del dpre\n    db = dpre.sum(0)"),),
        "b",
        "db = dpre.sum(0)",
        "raised NameError: name 'dpre' is not defined: line 22 has deleted it",
    ),
    "an inner function": (
        (("db = dpre.sum(0)", "def add():\n        return dpre + np.ones(7)\n    db = add()"),),
        "b",
        "db = add()",
        "raised ValueError: operands could not be broadcast together with shapes (6,3) (7,)",
    ),
}


@pytest.mark.parametrize("name", RAISING)
def test_a_statement_that_raises(checked: Checked, name: str) -> None:
    changes, row, text, said = RAISING[name]
    source = line(*changes)
    report = checked(source)
    assert report.roots == (row,), verdicts(report)
    found = report[row]
    assert (found.verdict, found.mistake) == ("error", None)
    assert found.line == at(source, text)
    assert found.source == text
    assert said in str(found.note)
    others = {v for n, v in verdicts(report).items() if n != row}
    assert others <= {"exact", "rounding", "inherited"}, verdicts(report)


def test_a_condition_that_raises_is_the_culprit(checked: Checked) -> None:
    report = checked(line(("db = dpre.sum(0)", "if tota > 0:\n        db = dpre.sum(0)")))
    assert report.roots == ("b",)
    assert report["b"].line == 22
    assert report["b"].verdict == "error"
    assert "name 'tota' is not defined" in str(report["b"].note)


CONDITIONS = {
    "if x > 0:": "truth value of an array",
    "while x > 0:": "truth value of an array",
    "if x @ x.T:": "truth value of an array",
    "for a, b in x[:, :1]:": "not enough values to unpack",
    "for a in 3:": "not iterable",
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_a_condition_or_a_loop_makes_of_a_value_is_said_at_its_line(
    checked: Checked, condition: str
) -> None:
    source = f"""
import numpy as np

def inputs(rng, *, n=4):
    return {{"x": rng.normal(size=(n, 3))}}

def forward(x):
    y = x * 2
    return y

def backward(dy, x):
    {condition}
        dx = dy * 2
        break
    dx = dy * 2
""".replace("        break\n", "        break\n" if condition.startswith(("for", "while")) else "")
    report = checked(source)
    (row,) = report.rows
    assert (row.name, row.verdict) == ("x", "error")
    assert row.source == condition
    assert CONDITIONS[condition] in (row.note or "")


def test_a_line_that_raises_at_other_sizes_only_is_named_for_that_or_for_nothing(
    checked: Checked,
) -> None:
    report = checked(line(("dh[np.arange(n), y] = dpicked", "dh[np.arange(6), y] = dpicked")))
    assert report.roots == ("h",)
    mistake = report["h"].mistake
    assert mistake is not None
    assert mistake.code == "hard-coded-size"


LIST = """
import numpy as np

def inputs(rng, *, n=3, wide=4):
    return {"x": rng.normal(size=(n, wide)), "Ws": [rng.normal(size=(wide, wide)) for _ in "ab"]}

def forward(x, Ws):
    hs = [x]
    for i in range(len(Ws)):
        hs.append(np.tanh(hs[i] @ Ws[i]))
    out = hs[2] * 1.0
    return out

def backward(Ws, hs, dout):
    dhs, dWs = [None] * 2 + [dout], [None] * 2
    for i in reversed(range(2)):
        dpre = (1 - hs[i + 1] ** 2) * dhs[i + 1]
        dWs[i] = hs[i].T @ dpre
        dhs[i] = dpre @ Ws[i].T
    dx = dhs[0]
"""


def test_an_item_of_a_list_that_raises_takes_no_other_with_it(checked: Checked) -> None:
    report = checked(LIST.replace("dWs[i] = hs[i].T @ dpre", "dWs[i] = hs[i] @ dpre"))
    found = verdicts(report)
    assert {found.pop("Ws[0]"), found.pop("Ws[1]")} == {"error"}
    assert set(found.values()) <= {"exact", "rounding"}, found
    assert set(report.roots) == {"Ws[0]", "Ws[1]"}


STEPS = """
import numpy as np

def inputs(rng, *, n=3, steps=4):
    return {"x": rng.normal(size=(steps, n)), "h0": rng.normal(size=n), "w": rng.normal()}

def forward(x, h0, w):
    steps = x.shape[0]
    hs = [h0]
    for t in range(steps):
        hs.append(np.tanh(x[t] + w * hs[t]))
    loss = (hs[steps] ** 3).sum()
    return loss

def backward(x, hs, w):
    steps = x.shape[0]
    dhs = [np.zeros_like(h) for h in hs]
    dhs[steps] = 3 * hs[steps] ** 2
    dx, dw = np.zeros_like(x), 0.0
    for t in reversed(range(steps)):
        da = (1 - hs[t + 1] ** 2) * dhs[t + 1]
        dx[t] = da
        dw += (da * hs[t]).sum()
        dhs[t] += da * w
    dh0 = dhs[0]
"""


@pytest.mark.parametrize(
    "last", [pytest.param(4, id="in the middle"), pytest.param(8, id="past the end")]
)
def test_an_item_that_is_the_last_at_one_size_only(checked: Checked, last: int) -> None:
    """At other sizes it is one in the middle, or none: that line alone is to blame."""
    right = STEPS.replace("steps=4", f"steps={last}")
    assert checked(right).ok
    report = checked(right.replace("dhs[steps] = 3", f"dhs[{last}] = 3"))
    row = report[f"hs[{last}]"]
    assert report.roots == (row.name,)
    assert row.source == f"dhs[{last}] = 3 * hs[steps] ** 2"
    assert row.mistake is not None
    assert row.mistake.code == "hard-coded-size"
    assert all(each.right or each.verdict == "inherited" for each in report.rows if each is not row)


def test_what_is_wrong_where_a_loop_runs_but_twice_is_the_same_mistake(checked: Checked) -> None:
    """The last of two steps is an earlier one of four: no root of its own."""
    source = STEPS.replace("    loss = (", "    loss = (hs[1] * hs[2]).sum() + (")
    source = source.replace(
        "    dx, dw", "    dhs[1] += hs[2]\n    dhs[2] += hs[1]\n    dx, dw"
    ).replace("dhs[steps] = 3", "dhs[steps] += 3")
    assert checked(source).ok
    assert checked(source.replace("dhs[steps] += 3", "dhs[steps] += 5")).roots == ("hs[4]",)
    overwritten = checked(source.replace("dhs[2] += hs[1]", "dhs[2] = hs[1]"))
    assert overwritten.roots == ("hs[2]",)


LISTS = """
import numpy as np

data = ("x",)

def inputs(rng, *, n=4, d=3):
    return {
        "x": rng.normal(size=(n, d)),
        "Ws": [rng.normal(size=s) for s in [(d, 5), (5, 2)]],
        "bs": [rng.normal(size=5), rng.normal(size=2)],
    }

def forward(x, Ws, bs):
    acts = [x]
    for W, b in zip(Ws, bs):
        acts.append(np.tanh(acts[-1] @ W + b))
    return acts[-1].sum()

def backward(x, Ws, bs, acts):
    dWs, dbs = [None] * 2, [None] * 2
    grad = np.ones_like(acts[-1])
    for i in (1, 0):
        grad = grad * (1 - acts[i + 1] ** 2)
        dWs[i] = acts[i].T @ grad
        dbs[i] = grad.sum(axis=0)
        grad = grad @ Ws[i].T
    return {"Ws": dWs, "bs": dbs}
"""


def test_lists_without_a_slip(checked: Checked) -> None:
    assert_right(checked(LISTS))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(1 - acts[i + 1] ** 2)", "(1 - acts[i] ** 2)"),
        ("grad.sum(axis=0)", "grad.sum(axis=7)"),
        ("acts[i].T @ grad", "acts[i] @ grad.T @ grad.T"),
        ("= np.ones_like(acts[-1])", "= np.ones_like(acts[9])"),
        ("grad @ Ws[i].T", "grad @ Ws[i]"),
    ],
)
def test_what_stands_in_for_an_item_of_a_list_is_no_answer(
    checked: Checked, right: str, wrong: str
) -> None:
    """The true gradient is put in place of what raised; it isn't what backward returned."""
    assert LISTS.count(right) == 1
    report = checked(LISTS.replace(right, wrong))
    assert not report.ok
    assert [row for row in report.rows if row.verdict == "error"]


# What reads a second element, and whether one more element could be meant at n=1.
SECOND_ELEMENTS = {
    "a reflected border": """
def forward(x, w):
    p = np.pad(x, 1, mode="reflect")
    out = np.convolve(p, w, mode="valid")
    return out

def backward(x, w, p, dout):
    dw = np.convolve(p[::-1], dout, mode="valid")
    dp = np.convolve(dout, w[::-1])
    dx = dp[1:-1].copy()
    dx[1] += dp[0]
    dx[-2] += dp[-1]
""",
    "a slope at the ends": """
def forward(x, w):
    out = (x[1:] - x[:-1]) ** 2 @ np.ones(len(x) - 1) + w.sum()
    return out

def backward(x, w, dout):
    dw = np.full(3, dout)
    step = 2 * np.diff(x) * dout
    dx = np.zeros_like(x)
    dx[1:] += step
    dx[:-1] -= step
    dx[1] += 0.0
""",
}
INPUTS = """
import numpy as np

def inputs(rng, *, n=6):
    return {"x": rng.normal(size=n), "w": rng.normal(size=3)}
"""


@pytest.mark.parametrize("name", SECOND_ELEMENTS)
def test_at_a_size_of_1_there_may_be_no_second_element(checked: Checked, name: str) -> None:
    report = checked(INPUTS + SECOND_ELEMENTS[name])
    assert_right(report)
    (note,) = report.notes
    assert note == (
        "not tried at n=1: backward raised IndexError: index 1 is out of bounds for axis 0 with "
        "size 1"
    )


def test_what_raises_at_other_sizes_as_well_is_no_border(checked: Checked) -> None:
    hard = SECOND_ELEMENTS["a reflected border"].replace("dx[1] +=", "dx[5 - 4] += 0 * dx[5] +")
    report = checked(INPUTS + hard)
    assert not report.ok
    assert report.roots == ("x",), verdicts(report)
