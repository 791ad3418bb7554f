"""Cases of which some are tried in every run, and all of them before a release."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

SWEEP = (pytest.mark.long, pytest.mark.sweep)


def some(cases: Iterable[Any], each: int = 3) -> list[Any]:
    """The cases, of which all but the first of every few are left to the sweeps; a tuple stands
    for several arguments."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=SWEEP)
        if number % each
        else case
        for number, case in enumerate(cases)
    ]
