"""Scalar engines: every op is judged, in the lines of its closure."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.sources.load import load
from sweeps import a_few

FILE = Path(__file__).with_name("forms") / "scalar_engine.py"
TEXT = FILE.read_text()
OTHER = """
from math import tanh

class Scalar:
    def __init__(self, value, parents=()):
        self.value = float(value)
        self.g = 0.0
        self.parents = parents

    def __mul__(self, b):
        b = b if isinstance(b, Scalar) else Scalar(b)
        res = Scalar(self.value * b.value, (self, b))
        def back():
            one = self.g + b.value * res.g
            two = b.g + self.value * res.g
            self.g = one
            b.g = two
        res.back = back
        return res

    def tanh(self):
        from math import exp
        res = Scalar(1 - 2 / (exp(2 * self.value) + 1), (self,))
        def back():
            self.g += (1 - res.value * res.value) * res.g
        res.back = back
        return res

    def leaky(self, slope=0.1):
        res = Scalar(self.value if self.value > 0 else slope * self.value, (self,))
        def back():
            self.g += res.g
        res.back = back
        return res
"""


@cache
def judged(text: str, folder: Path) -> dict[str, Report]:
    file = folder / "engine.py"
    file.write_text(text)
    loaded = load(file)
    problems = [loaded] if isinstance(loaded, Problem) else loaded
    return {problem.name: check(problem) for problem in problems}


def test_right_ones(tmp_path: Path) -> None:
    reports = judged(TEXT, tmp_path)
    said = "__add__ __mul__ __pow__ tanh log sigmoid maximum exp relu backward"
    assert list(reports) == [f"Value.{name}" for name in said.split()]
    for name, report in reports.items():
        assert report.ok, str(report)
        assert not report.notes or name == "Value.backward"


@pytest.mark.parametrize(
    ("op", "old", "new", "code"),
    a_few(
        [
            ("__add__", "self.grad += out.grad", "self.grad = out.grad", "overwritten"),
            ("__add__", "other.grad += out.grad", "other.grad = out.grad", "overwritten"),
            ("__mul__", "other.data * out.grad", "self.data * out.grad", "wrong-operand"),
            ("__mul__", "other.data * out.grad", "other.data", None),
            ("__pow__", "(other - 1)", "other", None),
            ("tanh", "(1 - t**2)", "(1 - t)", "wrong-exponent"),
            ("log", "out.grad / self.data", "out.grad * self.data", None),
            ("sigmoid", "s * (1 - s)", "s", None),
            ("maximum", "other.grad += out.grad", "self.grad += out.grad", None),
            ("exp", "out.data * out.grad", "x * out.grad", None),
            ("relu", "(out.data > 0) * out.grad", "out.grad", None),
            ("relu", "(out.data > 0) * out.grad", "(out.data > 0)", None),
            ("relu", "(out.data > 0)", "(out.data >= 0)", None),
        ]
    ),
)
def test_planted_mistakes(op: str, old: str, new: str, code: str | None, tmp_path: Path) -> None:
    start = TEXT.index(f"def {op}(")
    at = TEXT.index(old, start)
    reports = judged(TEXT[:at] + new + TEXT[at + len(old) :], tmp_path)
    wrong = {name: report for name, report in reports.items() if not report.ok}
    assert list(wrong) == [f"Value.{op}"]
    row = next(row for row in wrong[f"Value.{op}"].rows if not row.right)
    if op != "maximum":  # the other operand lacks what this one got
        assert row.line == TEXT[:at].count("\n") + 1
    if code is not None:
        assert row.mistake is not None
        assert row.mistake.code == code


def test_another_style_and_an_operand_used_twice(tmp_path: Path) -> None:
    reports = judged(OTHER, tmp_path)
    assert reports["Scalar.tanh"].ok
    assert reports["Scalar.__mul__"].wrong
    assert "in the place of both" in reports["Scalar.__mul__"].notes[0]
    assert reports["Scalar.leaky"].wrong  # below zero only


def test_one_op_and_all_of_a_class(tmp_path: Path) -> None:
    file = tmp_path / "engine.py"
    file.write_text(OTHER)
    one, all_of_it = load(f"{file}:tanh"), load(f"{file}:Scalar")
    assert isinstance(one, Problem)
    assert one.name == "Scalar.tanh"
    assert isinstance(all_of_it, list)
    assert len(all_of_it) == 3
    leaky = load(f"{file}:leaky", given=["slope=0.3"])
    assert isinstance(leaky, Problem)
    assert leaky.inputs()["slope"] == 0.3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("exp(2 * self.value)", "self.nothing", "it doesn't run on numbers: AttributeError"),
        ("self.g += (1 - ", "self.add(1 - ", "line 25: `self.add` isn't followed"),
    ],
)
def test_what_cannot_be_read(old: str, new: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "engine.py"
    file.write_text(OTHER.replace(old, new))
    with pytest.raises(ProblemError, match=f"Scalar.tanh: {said}"):
        load(f"{file}:tanh")


BACKWARD = """
    def backward(self):
        topo, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()
"""
CLASS = TEXT[: TEXT.index("    def __pow__")]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("", "", None, ""),
        ("in reversed(topo)", "in topo", "for v in topo", "run in the wrong order"),
        ("self.grad = 1.0", "pass", "for v in reversed", "is never set to 1"),
        ("if v not in visited", "if True", "def build", "is visited twice"),
        (
            "visited.add(v)\n",
            "visited.add(v)\n                topo.append(v)\n",
            None,
            "",
        ),  # twice in the order, and the closure of what is below has run by then
    ],
)
def test_what_runs_the_closures(
    old: str, new: str, line: str | None, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "engine.py"
    text = CLASS + (BACKWARD.replace(old, new, 1) if old else BACKWARD)
    file.write_text(
        text.replace("other.grad += out.grad", "other.grad = out.grad")
    )  # not its fault
    problem = load(f"{file}:backward")
    assert isinstance(problem, Problem)
    report = check(problem)
    if not old:
        assert report.ok, str(report)
    elif line is None:
        assert not report.ok
    else:
        assert not report.ok
        assert any(said in note for note in report.notes), str(report)
        assert {row.line for row in report.rows} == {
            1 + text[: text.index(line, len(CLASS))].count("\n")
        }
