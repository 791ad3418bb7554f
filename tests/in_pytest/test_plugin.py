"""The pytest plugin, in real runs of pytest: what is a test, what a failure shows, who is told."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import pytest

SOFTMAX = """
import numpy as np

def inputs(rng, *, n=4, m=3):
    return {"x": rng.normal(size=(n, m))}

def forward(x):
    e = np.exp(x)
    s = e.sum(1, keepdims=True)
    p = e / s
    return p

def backward(dp, e, s, p):
    de = dp / s
    dx = de * e
"""

MARKED = """
import byhand
import numpy as np
import pytest

seen = set()

@byhand.problem
def square(x):
    y = x * x
    return y

def square_backward(dy, x):
    return 2 * dy * y_of(x)

def y_of(x):
    return x

def square_inputs(rng, *, n=4):
    return {"x": rng.normal(size=n)}

@byhand.problem(dtypes=["float32", np.float64], sizes=[{"n": 3}, {"n": 9}])
def cube():
    def forward(x):
        seen.add((str(x.dtype), len(x)))
        y = x**3
        return y

    def backward(dy, x):
        return dy * 3 * x**2

    return (forward, backward), square_inputs

@byhand.problem(sizes=[{"n": 2}])
@pytest.mark.parametrize("k", [1, 2])
def power(k, tmp_path):
    assert tmp_path.is_dir()

    def forward(x):
        y = x**k
        return y

    def backward(dy, x):
        return dy * 2 * x ** (k - 1)

    return (forward, backward), square_inputs

@byhand.problem(layouts=["transposed", "upside-down"])
def laid():
    def forward(x, w):
        y = x @ w
        return y

    def backward(dy, x, w):
        seen.add(x.strides)
        return dy @ w.T, x.T @ dy

    return (forward, backward), {"x": np.ones((4, 3)), "w": np.ones((3, 2))}

@byhand.problem
def nothing():
    pass

@byhand.problem(sizes=[{"k": 2}])
def no_such_size():
    return (square, square_backward), square_inputs

@byhand.problem
def raises():
    raise ValueError("of the user")

def test_variants():
    assert seen >= {(t, n) for t in ("float32", "float64") for n in (3, 9)}
    assert (8, 32) in seen
"""

PAIRS = """
def affine_forward(x, w):
    out = x @ w
    return out, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout

def scale_forward(x, w):
    out = x * w
    return out, (x, w)

def scale_backward(dout, cache):
    x, w = cache
    return dout * x, dout * x
"""


@dataclass(frozen=True)
class Run:
    status: int
    text: str
    junit: ElementTree.Element

    def failures(self) -> dict[str, ElementTree.Element]:
        found: dict[str, ElementTree.Element] = {}
        for case in self.junit.iter("testcase"):
            if (failure := case.find("failure")) is not None:
                found[str(case.get("name"))] = failure
        return found


def run(folder: Path, *arguments: str, **environment: str) -> Run:
    """A run of pytest of its own."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    out = folder / "junit.xml"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={out}", *arguments],
        cwd=folder,
        env={**os.environ, "GITHUB_ACTIONS": "", "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Run(done.returncode, done.stdout, ElementTree.parse(out).getroot())


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("project")
    (folder / "problem_softmax.py").write_text(SOFTMAX)
    (folder / "test_marked.py").write_text(MARKED)
    (folder / "problem_pairs.py").write_text(PAIRS)
    (folder / "problem_001.py").write_text("raise SystemExit('not forward: others name files so')")
    return run(folder, "-v", GITHUB_ACTIONS="true")


def test_problems_and_marked_functions_are_tests(ran: Run) -> None:
    passed = {
        f"{case.get('classname')}::{case.get('name')}"
        for case in ran.junit.iter("testcase")
        if len(case) == 0
    }
    assert passed == {
        "problem_pairs::affine",
        *("test_marked::square", "test_marked::power[n=2-2]", "test_marked::test_variants"),
        "test_marked::laid[transposed]",
        *(f"test_marked::cube[{t}-n={n}]" for t in ("float32", "float64") for n in (3, 9)),
    }
    assert set(ran.failures()) == {
        *("problem_softmax", "scale", "power[n=2-1]", "nothing", "no_such_size[k=2]", "raises"),
        "laid[upside-down]",
    }
    assert ran.status == 1


def test_a_failure_shows_the_familiar_lines_then_the_blame(ran: Run) -> None:
    lines = (ran.failures()["problem_softmax"].text or "").splitlines()
    assert lines[:3] == ["de is not close!", "", "Mismatched elements: 12 / 12 (100.0%)"]
    assert lines[3].startswith("Greatest absolute difference: 0.519770262452")
    assert lines[3].endswith(" at index (3, 0)")
    assert lines[4].endswith(" at index (0, 2)")
    assert lines[6:9] == [
        "line 14: de is wrong",
        "    de = dp / s",
        "  e is used twice: the path through s is missing (missing-path)",
    ]
    assert " ".join(lines[-2:]).endswith("come right with it.")
    assert "\n".join(lines) in ran.text


def test_nothing_of_the_inside_is_shown(ran: Run) -> None:
    assert "byhand/" not in ran.text
    assert "pytest_plugin" not in ran.text
    assert ran.failures()["raises"].get("message") == "ValueError: of the user"


def test_what_can_not_be_checked_is_one_line(ran: Run) -> None:
    failures = ran.failures()
    assert failures["nothing"].text == "nothing returns nothing: return (fn, inputs)"
    said = failures["no_such_size[k=2]"].text or ""
    assert said.endswith("test_marked.py: there is no size k: n")
    said = failures["laid[upside-down]"].text or ""
    assert said.endswith("layout upside-down: choose transposed, strided, sliced, expanded")


def test_junit_has_the_mistake_as_its_message(ran: Run) -> None:
    messages = {name: failure.get("message") for name, failure in ran.failures().items()}
    assert messages["problem_softmax"] == (
        "line 14: de is wrong: e is used twice: the path through s is missing (missing-path)"
    )
    assert messages["power[n=2-1]"] == (
        "line 44: dx is wrong: dx is 2 times what it should be (factor)"
    )


def test_github_is_told_the_wrong_line(ran: Run) -> None:
    told = [line for line in ran.text.splitlines() if line.startswith("::")]
    assert told == [
        "::error file=problem_pairs.py,line=16,col=19,endColumn=19,title=dx is wrong::"
        "x is the wrong value here: at which value of forward is the derivative of out "
        "taken? (wrong-operand)%0Alargest error 6.3e-01; rounding explains up to 1.8e-16",
        "::error file=problem_softmax.py,line=14,title=de is wrong::"
        "e is used twice: the path through s is missing (missing-path)%0A"
        "largest error 1.5e-01; rounding explains up to 3.4e-15",
        "::error file=test_marked.py,line=44,title=dx is wrong::"
        "dx is 2 times what it should be (factor)%0A"
        "largest error 1.0e-01; rounding explains up to 3.4e-16",
    ]


def test_processes_share_the_work(tmp_path: Path) -> None:
    (tmp_path / "problem_softmax.py").write_text(SOFTMAX)
    (tmp_path / "test_marked.py").write_text(MARKED)
    ran = run(tmp_path, "-n", "2", "-k", "softmax or square", GITHUB_ACTIONS="true")
    assert ran.failures().keys() == {"problem_softmax"}
    assert "::error file=problem_softmax.py,line=14," in ran.text
    assert (ran.failures()["problem_softmax"].get("message") or "").startswith("line 14: de is")


def test_the_referee_is_chosen(tmp_path: Path) -> None:
    (tmp_path / "problem_softmax.py").write_text(SOFTMAX)
    assert "referee finite" in run(tmp_path, "--byhand-referee", "finite").text


def test_a_run_without_problems_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text(
        "import sys\n"
        "def test_loaded():\n"
        "    mine = {name for name in sys.modules if name.startswith('byhand')}\n"
        "    assert mine == {'byhand', 'byhand.faces', 'byhand.faces.pytest_plugin',"
        " 'byhand.marks', 'byhand.version'}\n"
        "    assert 'numpy' not in sys.modules\n"
    )
    assert run(tmp_path).status == 0
