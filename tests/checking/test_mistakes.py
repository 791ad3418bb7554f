"""The mistakes: every page's bad code gets its code, no right code gets any, and the benchmark
holds."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from verdicts import Checked

from byhand.checking.check import check
from byhand.checking.naming.mistakes import CODES, page
from byhand.checking.report import Report
from byhand.program.problem import load
from sweeps import SWEEP

ROOT = Path(__file__).parents[2]
LECTURE = ROOT / "tests/problems/lecture.py"
sys.path.insert(0, str(ROOT))


def problem_of(code: str) -> str:
    """The problem that a page's code is from: the lecture's, or one of its own."""
    own = ROOT / f"tests/problems/pages/{code.replace('-', '_')}.py"
    return (own if own.exists() else LECTURE).read_text()


def bad_and_good(code: str) -> tuple[str, str]:
    """The two pieces of code of a page."""
    found = re.fullmatch(r".*\nBad:\n(.*?)\nGood:\n(.*?)", page(code), re.DOTALL)
    assert found, f"the page of {code} has no Bad and Good"
    return found[1], found[2]


@cache
def of_bad_code(code: str) -> Report:
    """The report of a page's problem with its bad code in place of the good."""
    bad, good = bad_and_good(code)
    source = problem_of(code)
    assert source.count(good) == 1, f"its problem has no\n{good}"
    # A page may show code that needs more of forward than the right code does.
    source = source.replace("def backward(\n    X,", "def backward(\n    counts_sum, X,")
    with TemporaryDirectory() as folder:
        file = Path(folder, "lecture.py")
        file.write_text(source.replace(good, bad))
        return check(load(file))


@pytest.mark.parametrize("code", CODES)
def test_the_bad_code_of_every_page_gets_its_code(code: str):
    report = of_bad_code(code)
    assert not report.ok
    # Two gradients that are exchanged are two roots; everything else is one.
    assert len(report.roots) == (2 if code == "swapped" else 1)
    for root in report.roots:
        mistake = report[root].mistake
        assert mistake is not None
        assert mistake.code == code


@pytest.mark.parametrize("code", CODES)
def test_every_page_says_what_and_why(code: str):
    first, _, rest = page(code).partition("\n")
    assert first.endswith(".")
    assert len(first) <= 80
    assert "Bad:" in rest
    assert all(len(line) <= 100 for line in page(code).split("\n"))


@pytest.mark.parametrize("code", CODES)
def test_the_message_is_in_the_users_names_and_no_answer(code: str):
    _, good = bad_and_good(code)
    mistake = next(row.mistake for row in of_bad_code(code).rows if row.mistake)
    right = good.strip().split("\n")[-1].partition("= ")[2].strip()
    assert mistake.message
    assert not right or right not in mistake.message, "the message gives the answer away"


def test_the_mistake_is_underlined(tmp_path: Path):
    file = tmp_path / "lecture.py"
    file.write_text(LECTURE.read_text().replace("(1 - h**2) * dh", "(1 - hprebn**2) * dh"))
    row = check(load(file))["hpreact"]
    assert row.span is not None
    assert row.source[slice(*row.span)] == "hprebn"


def test_the_part_is_told_by_line_and_character_also_where_a_statement_takes_several_lines(
    tmp_path: Path,
):
    file = tmp_path / "lecture.py"
    right = "dhpreact = (1 - h**2) * dh"
    wrong = 'dhpreact = (  # "ħ𝒽"\n        (len("ħ𝒽") - 1 - hprebn**2)\n        * dh\n    )'
    assert LECTURE.read_text().count(right) == 1
    file.write_text(LECTURE.read_text().replace(right, wrong), encoding="utf-8")
    row = check(load(file))["hpreact"]
    assert row.part is not None
    assert row.part.line == row.part.end_line == (row.line or 0) + 1
    text = file.read_text(encoding="utf-8").split("\n")[row.part.line - 1]
    assert text[row.part.column : row.part.end_column] == "hprebn"
    assert row.span is None


TURNED = """
data = ("c", "s")
import numpy as np

def inputs(rng, *, n=4, m=3):
    return {"x": rng.normal(size=(n, 2 * m)), "c": rng.normal(size=m), "s": rng.normal(size=m)}

def forward(x, c, s):
    first, second = np.split(x, 2, 1)
    out = np.concatenate([first * c - second * s, second * c + first * s], 1)
    return out

def backward(c, s, dout):
    first, second = np.split(dout, 2, 1)
    dx = np.concatenate([first * c + second * s, second * c - first * s], 1)
"""


@pytest.mark.parametrize(
    ("right", "wrong", "term"),
    [
        ("first * c + second * s, s", "first * c - second * s, s", "second * s"),
        ("first * c + second * s, s", "second * s - first * c, s", "first * c"),
        ("second * c - first * s", "second * c + first * s", "first * s"),
        ("second * c - first * s", "first * s + second * c", "first * s"),
    ],
)
def test_a_sign_is_that_of_a_term(checked: Checked, right: str, wrong: str, term: str) -> None:
    forward, backward = TURNED.split("def backward")
    assert checked(TURNED).ok
    report = checked(f"{forward}def backward{backward.replace(right, wrong)}")
    assert report["x"].mistake is not None and report["x"].span is not None
    assert report["x"].mistake.message == f"the sign of `{term}` is wrong"
    assert report["x"].source[slice(*report["x"].span)] == term


# The benchmark, a small part of it.


SAMPLES = {
    "small": (("lecture", "tied_embedding"), 6, 12),
    "large": (("lecture", "gru_cell", "attention", "rnn_list", "tied_embedding"), 12, 60),
}


@pytest.mark.long
@pytest.mark.parametrize("size", ["small", pytest.param("large", marks=SWEEP)])
def test_a_sample_of_the_benchmark(size: str):
    """Planted mistakes from the half to develop on: the other is for the figures."""
    from benchmarks.mistakes.__main__ import examine
    from benchmarks.mistakes.collect import by_name, collect

    names, each, singles = SAMPLES[size]
    found = [pair for name in names for pair in collect(by_name()[name], "dev", each, 2, 4).items()]
    seen = [(group, examine(case)) for group, cases in found for case in cases]
    assert sum(group == "single" for group, _ in seen) >= singles
    for group, outcome in seen:
        if group == "right":
            assert outcome.ok, f"an alarm on {outcome.case.label}: {outcome.roots}"
        else:
            assert outcome.right_roots, f"{outcome.case.label}: {outcome.roots}"
    coded = [outcome.right_code for group, outcome in seen if group == "single"]
    assert np.mean(coded) >= 0.9
