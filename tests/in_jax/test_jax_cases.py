"""The NumPy kernels of `tests/checking/cases`, rewritten as custom_vjps."""

from __future__ import annotations

from pathlib import Path

import pytest
from as_custom_vjp import numpy_kernels, rewritten

import byhand
from rewritten_cases import said

FOLDER = Path(__file__).parent.parent / "checking" / "cases"
FILES = numpy_kernels(FOLDER)
SHORT = ("sin-sign", "tanh-parens-wrong")


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(
            file, marks=() if any(each in file.stem for each in SHORT) else pytest.mark.long
        )
        for file in FILES
    ],
    ids=lambda file: file.stem,
)
def test_the_same_lines_are_blamed_as_in_the_problem_file(file: Path) -> None:
    case = rewritten(file)
    report = case.check()
    assert said(report, case.lines) == said(byhand.check(case.problem)), str(report)


def test_there_are_that_many() -> None:
    assert len(FILES) == 16
