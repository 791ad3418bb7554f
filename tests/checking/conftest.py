"""Checking a problem of which the source is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.program.problem import load


@pytest.fixture
def checked(problem_file: Callable[[str], Path]) -> Callable[..., Report]:
    """The report on a problem of which the source is given."""
    return lambda source, **options: check(load(problem_file(source)), **options)
