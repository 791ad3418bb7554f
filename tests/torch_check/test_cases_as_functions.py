"""Kernels of the problem files of `tests/checking/cases`, rewritten as Functions."""

from __future__ import annotations

from pathlib import Path

import pytest
from as_function import rewritten, torch_cases

import byhand
from rewritten_cases import said
from sweeps import a_few

FOLDER = Path(__file__).parent.parent / "checking" / "cases"
FILES = [file for file in torch_cases(FOLDER) if file.name.startswith(("kernel-", "idiom-"))]
FILES = [file for file in FILES if file.stem != "idiom-apply"]  # has a Function in its forward
RIGHT = [file for file in FILES if "-fixed" in file.stem]


@pytest.mark.parametrize(
    "file", a_few([f for f in FILES if f not in RIGHT]), ids=lambda file: file.stem
)
def test_the_same_lines_are_blamed_as_in_the_problem_file(file: Path) -> None:
    case = rewritten(file)
    assert said(case.check(), case.lines) == said(byhand.check(case.problem))


@pytest.mark.parametrize("file", a_few(RIGHT), ids=lambda file: file.stem)
def test_a_right_kernel_is_no_alarm(file: Path) -> None:
    report = rewritten(file).check()
    assert report.ok, str(report)
