"""Lists, tuples, dicts and objects: one answer, whatever the gradients are kept in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import byhand
from sweeps import a_few

Write = Callable[[str], Path]

FILE = """
from dataclasses import dataclass
from typing import NamedTuple
import numpy as np

class Named(NamedTuple):
    a: object
    b: object

@dataclass
class Data:
    a: object
    b: object

@dataclass(frozen=True)
class Frozen:
    a: object
    b: object

class Layer:
    def __init__(self, a, b):
        self.a, self.b = a, b

def inputs(rng, *, n=4):
    first, second = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
    return {{"x": rng.normal(size=(n, 3)), "P": {made}}}

def forward(x, P):
    h = np.tanh(x @ P{first})
    out = h @ P{second}
    loss = (out**2).sum()
    return loss

def backward(x, P, h, out):
    dout = 2 * out
    dh = dout @ P{second}.T
    dpre = dh * (1 - h**2)
    first, second = x.T @ dpre, h.T @ dout
    {answer}
    dx = dpre @ P{first}.T
"""
FORMS = {  # how the weights are kept, and how each is reached
    "list": ("[first, second]", "[0]", "[1]"),
    "tuple": ("(first, second)", "[0]", "[1]"),
    "dict": ('{"W1": first, "W2": second}', '["W1"]', '["W2"]'),
    "dict of whole numbers": ("{-1: first, 7: second}", "[-1]", "[7]"),
    "dict of pairs": ('{("W", 1): first, ("W", 2): second}', '["W", 1]', '["W", 2]'),
    "named tuple": ("Named(first, second)", ".a", ".b"),
    "dataclass": ("Data(first, second)", ".a", ".b"),
    "frozen dataclass": ("Frozen(first, second)", ".a", ".b"),
    "object": ("Layer(first, second)", ".a", ".b"),
    "tuple in a list": ("[(first, second)]", "[0][0]", "[0][1]"),
    "list in a dict": ('{"Ws": [first, second]}', '["Ws"][0]', '["Ws"][1]'),
    "object in a dict": ('{"l": Layer(first, second)}', '["l"].a', '["l"].b'),
    "dict in an object": ("Layer({0: first}, [second])", ".a[0]", ".b[0]"),
}
REFEREES = ("engine", "finite", "torch", "jax")


def source(form: str, answer: str = "dP = MADE") -> str:
    made, first, second = FORMS[form]
    return FILE.format(made=made, first=first, second=second, answer=answer.replace("MADE", made))


@pytest.mark.parametrize("form", a_few(FORMS))
@pytest.mark.parametrize("referee", REFEREES)
def test_right_ones_are_right(problem_file: Write, form: str, referee: str) -> None:
    _, first, second = FORMS[form]
    report = byhand.check(byhand.load(problem_file(source(form))), referee=referee)
    assert {row.verdict for row in report.rows} <= {"exact", "rounding"}, report
    assert {row.name for row in report.rows} == {"x", "h", "out", f"P{first}", f"P{second}"}
    assert report.notes == ()


@pytest.mark.parametrize("form", FORMS)
def test_of_a_wrong_one_the_root_is_told(problem_file: Write, form: str) -> None:
    _, _, second = FORMS[form]
    text = source(form, "second = -second\n    dP = MADE")
    report = byhand.check(byhand.load(problem_file(text)))
    assert report.roots == (f"P{second}",), report
    (root,) = (row for row in report.rows if row.name == f"P{second}")
    assert root.mistake is not None and root.mistake.code == "sign"
    assert {row.verdict for row in report.rows if row is not root} <= {"exact", "rounding"}


@pytest.mark.parametrize("form", FORMS)
def test_one_that_is_left_out_is_missing(problem_file: Write, form: str) -> None:
    _, first, second = FORMS[form]
    report = byhand.check(byhand.load(problem_file(source(form, "pass"))))
    missing = {row.name: row.note for row in report.rows if row.verdict == "missing"}
    assert missing == {f"P{e}": f"backward has no dP{e}" for e in (first, second)}
    assert not report.ok and not report.roots


@pytest.mark.parametrize("form", [form for form in FORMS if "tuple" not in form])
def test_each_may_be_put_in_its_place_later(problem_file: Write, form: str) -> None:
    _, first, second = FORMS[form]
    if "frozen" in form:
        return
    empty = FORMS[form][0].replace("first", "None").replace("second", "None")
    answer = f"dP = {empty}\n    dP{second} = -second\n    dP{first} = first"
    report = byhand.check(byhand.load(problem_file(source(form, answer))))
    assert report.roots == (f"P{second}",), report
    assert report.rows[-1].verdict in ("exact", "rounding"), report


@pytest.mark.parametrize("form", FORMS)
def test_a_returned_dict_of_them(problem_file: Write, form: str) -> None:
    _, first, second = FORMS[form]
    report = byhand.check(
        byhand.load(problem_file(source(form, 'return {"P": MADE, "x": dpre @ P' + first + ".T}")))
    )
    assert report.ok, report
    assert {f"P{first}", f"P{second}"} <= {row.name for row in report.rows}


def test_a_dict_that_is_filled_in_a_loop(problem_file: Write) -> None:
    text = """
    import numpy as np
    def inputs(rng, *, n=3):
        return {"x": {t: rng.normal(size=2) for t in range(3)}, "h0": rng.normal(size=2)}
    def forward(x, h0):
        h = h0
        for t in range(3):
            h = np.tanh(h + x[t])
        return (h**2).sum()
    def backward(x, h0):
        hs = [h0]
        for t in range(3):
            hs.append(np.tanh(hs[-1] + x[t]))
        dx = {}
        grad = 2 * hs[-1]
        for t in reversed(range(3)):
            grad = grad * (1 - hs[t + 1] ** 2)
            dx[t] = grad * SIGN
        dh0 = grad
    """
    right = byhand.check(byhand.load(problem_file(text.replace("SIGN", "1"))))
    assert right.ok and {"x[0]", "x[1]", "x[2]"} <= {row.name for row in right.rows}, right
    wrong = byhand.check(byhand.load(problem_file(text.replace("SIGN", "[1, -1, 1][t]"))))
    assert wrong.roots == ("x[1]",), wrong
