"""The backward in a file beside the derived one: what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from deriving_cases import ALL, shown

from byhand.deriving.derivation import Derivation
from byhand.deriving.derive import derive
from byhand.deriving.own_backward import compared
from byhand.program.problem import Problem, load
from byhand.rendering.derivation.wording import ending

SETTING = """\
import numpy as np

def inputs(rng, *, n=3, m=4):
    return {"x": rng.normal(size=(n, m)), "w": rng.normal(size=m), "b": rng.normal(size=n)}

def forward(x, w, b):
    z = x @ w + b
    out = np.tanh(z)
    return out

"""
RIGHT = """\
def backward(x, w, out, dout):
    dz = dout * (1 - out**2)
    dx = dz[:, None] * w
    dw = x.T @ dz
    db = dz
"""

Write = Callable[[str], Path]


def with_backward(problem_file: Write, backward: str) -> tuple[Problem, Derivation]:
    problem = load(problem_file(SETTING + backward))
    return problem, derive(problem, closed=True)


def said_of(problem: Problem, derivation: Derivation, **options: object) -> list[str]:
    yours = compared(problem, problem.inputs(), derivation, **options)  # type: ignore[arg-type]
    return ending(derivation, yours)[2:]


def test_without_a_backward_nothing_is_said(problem_file: Write) -> None:
    problem, derivation = with_backward(problem_file, "")
    assert compared(problem, problem.inputs(), derivation) is None
    assert "Yours" not in shown(problem, derivation, compare=True)


def test_what_each_keeps_and_computes(problem_file: Write) -> None:
    problem, derivation = with_backward(problem_file, RIGHT)
    assert said_of(problem, derivation) == [
        "Yours and the derived form agree; yours keeps 1 array, the derived one 1.",
        "Yours takes 45 operations, the derived one 45.",
    ]
    more = RIGHT.replace("out, dout", "out, z, dout").replace("out**2", "np.tanh(z) ** 2")
    problem, derivation = with_backward(problem_file, more)
    assert "yours keeps 2 arrays, the derived one 1" in said_of(problem, derivation)[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("out**2", "out", "Yours and the derived form differ in dx, dw and db"),
        ("x.T @ dz", "x.T @ dz * 1.000001", "Yours and the derived form differ in dw"),
        ("x.T @ dz", "(x.T @ dz)[None]", "Yours and the derived form differ in dw"),
        ("dw = ", "dq = ", "Yours gives no dw"),
        ("dw = x.T @ dz\n    db", "db", "Yours gives no dw"),
    ],
)
def test_where_they_differ(problem_file: Write, old: str, new: str, said: str) -> None:
    problem, derivation = with_backward(problem_file, RIGHT.replace(old, new))
    assert said_of(problem, derivation) == [f"{said}: `byhand check` says more."]


def test_what_differs_and_what_is_missing_is_said_at_once(problem_file: Write) -> None:
    wrong = RIGHT.replace("dx = dz", "dx = -dz").replace("db = dz", "pass")
    problem, derivation = with_backward(problem_file, wrong)
    assert said_of(problem, derivation) == [
        "Yours and the derived form differ in dx; yours gives no db: `byhand check` says more."
    ]


def test_rounding_is_no_difference(problem_file: Write) -> None:
    other_order = RIGHT.replace("x.T @ dz", "sum(row * g for row, g in zip(x[::-1], dz[::-1]))")
    problem, derivation = with_backward(problem_file, other_order)
    assert "agree" in said_of(problem, derivation)[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("x.T @ dz", "x.T @ missing", "in line 14 it raises NameError: name 'missing' is"),
        ("out, dout", "out, q, dout", "F:11: backward asks for q, which is neither an input"),
    ],
)
def test_one_that_fails(problem_file: Write, old: str, new: str, said: str) -> None:
    problem, derivation = with_backward(problem_file, RIGHT.replace(old, new))
    (found,) = said_of(problem, derivation)
    found = found.replace(problem.file, "F")
    assert found.startswith(f"Yours can't be compared: {said}"), found


def test_only_what_was_asked_for(problem_file: Write) -> None:
    wrong = RIGHT.replace("dx = dz", "dx = -dz")
    problem = load(problem_file(SETTING + wrong))
    derivation = derive(problem, names=["w"], closed=True)
    assert "agree" in said_of(problem, derivation, names=["w"])[0]


def test_a_backward_without_statements(problem_file: Write) -> None:
    called = """
class Backward:
    def __call__(self, x, out, w, dout):
        dz = dout * (1 - out**2)
        return {"x": dz[:, None] * w, "w": x.T @ dz, "b": dz}

backward = Backward()
"""
    problem, derivation = with_backward(problem_file, called)
    assert said_of(problem, derivation) == ["Yours and the derived form agree."]


@pytest.mark.parametrize("name", ["mlp", "in_torch", "group_norm", "deep_linear", "rnn_list"])
@pytest.mark.parametrize("dialect", [None, "torch"])
def test_models(name: str, dialect: str | None) -> None:
    problem = load(ALL[name])
    derivation = derive(problem, closed=True, dialect=dialect)
    yours = compared(problem, problem.inputs(), derivation, None, dialect)
    assert yours is not None and yours.agree and yours.cost is not None
