"""Paths that are left out of closed forms, or of which only a number is left; and whole sums that
are added twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from verdicts import Checked, Slip, assert_found, assert_right, slips

PROBLEMS = Path(__file__).parents[1] / "problems"
SUMS = "    dx += dq @ Wq.T + dk @ Wk.T + dv @ Wv.T\n"
ALONG = "(weights * dweights).sum(axis=-1, keepdims=True)"

MADE = {
    "attention_closed": (
        Slip(SUMS, SUMS * 2, "x", "double-path"),
        Slip(SUMS, SUMS + "    dx += dq @ Wq.T\n", "x", "double-path"),
        Slip(f"weights * (dweights - {ALONG})", f"weights * -{ALONG}", "scores", "missing-path"),
        Slip(f"weights * (dweights - {ALONG})", "weights * dweights", "scores", "missing-path"),
    ),
    "weighted_fit": (
        Slip("ds = dp / total + dtotal", "ds = dtotal", "s", "missing-path"),
        Slip("ds = dp / total + dtotal", "ds = dp / total", "s", "missing-path"),
    ),
}
SOURCES = {name: ((PROBLEMS / f"{name}.py").read_text(), found) for name, found in MADE.items()}


@pytest.mark.parametrize("source", [source for source, _ in SOURCES.values()], ids=[*SOURCES])
def test_right(checked: Checked, source: str) -> None:
    assert_right(checked(source))


@pytest.mark.parametrize(("source", "slip"), slips(SOURCES))
def test_a_slip_has_its_name(checked: Checked, source: str, slip: Slip) -> None:
    assert_found(checked(slip.within(source)), slip)
