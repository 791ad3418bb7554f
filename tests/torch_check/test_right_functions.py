"""Right Functions in many styles: judged without an option, and no alarm."""

from __future__ import annotations

import pytest
from right_functions import RIGHT, Right
from right_ops import OPS

import byhand.torch


@pytest.mark.parametrize(
    "right", [*RIGHT, *OPS], ids=lambda r: getattr(r.function, "__name__", "op")
)
def test_it_is_no_alarm(right: Right) -> None:
    report = byhand.torch.check(right.function, right.inputs, **right.options)
    assert report.ok, str(report)
