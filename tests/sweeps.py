"""Cases of which a few are tried in every run, more in the long ones, and all of them before a
release."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

LONG = (pytest.mark.long,)
SWEEP = (*LONG, pytest.mark.sweep)


def some(cases: Iterable[Any], each: int = 3, now: int = 1) -> list[Any]:
    """The cases, of which all but the first of every few, `each`, are left to the sweeps, and of
    those that aren't, all but the first of every few, `now`, to the long tests; a tuple stands for
    several arguments."""

    def marks(number: int) -> tuple[pytest.MarkDecorator, ...]:
        if number % each:
            return SWEEP
        return LONG if number // each % now else ()

    return [_marked(case, marks(number)) for number, case in enumerate(cases)]


def _marked(case: Any, marks: tuple[pytest.MarkDecorator, ...]) -> Any:
    if isinstance(case, type(pytest.param())):
        return pytest.param(*case.values, marks=(*case.marks, *marks), id=case.id)
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=marks)


def a_few(cases: Iterable[Any]) -> list[Any]:
    """The cases: a quarter in every run, as many in the long tests, and the rest in the sweeps."""
    marks = ((), LONG, SWEEP, SWEEP)
    return [_marked(case, marks[number % 4]) for number, case in enumerate(cases)]
