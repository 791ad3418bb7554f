"""byhand.jax.check on kernels as custom_vjp: the right ones pass, every mistake gets its line."""

from __future__ import annotations

import pytest
from kernel_mistakes import VJP_MISTAKES, Mistake
from vjp_cases import NAMES, differ, vjp

import byhand.jax
from byhand.checking.report import Report
from sweeps import some

CHEAP = "swiglu"  # JAX compiles every op anew for each shape
OTHERS = [name for name in NAMES if name != CHEAP]
REST = [pytest.param(name, marks=pytest.mark.long) for name in OTHERS]


def checked(name: str, mistake: Mistake | None = None) -> Report:
    case = vjp(name, mistake)
    return byhand.jax.check(case.kind, case.inputs, reference=case.reference)


@pytest.mark.parametrize("name", [CHEAP, *REST])
def test_jax_says_what_is_right_and_wrong(name: str) -> None:
    assert len(VJP_MISTAKES[name]) == 3
    assert not differ(vjp(name)) and not differ(vjp(name), seed=1)
    assert all(differ(vjp(name, mistake)) for mistake in VJP_MISTAKES[name])


@pytest.mark.parametrize("name", [CHEAP, *REST])
def test_a_right_kernel_passes(name: str) -> None:
    report = checked(name)
    assert report.ok, str(report)


def test_a_mistake_is_found_with_its_line() -> None:
    assert_found(CHEAP)


@pytest.mark.long
@pytest.mark.parametrize("name", some(OTHERS))
def test_every_mistake_is_found_with_its_line(name: str) -> None:
    assert_found(name)


def assert_found(name: str) -> None:
    for mistake in VJP_MISTAKES[name]:
        report = checked(name, mistake)
        assert not report.ok, f"{mistake.new!r} was not found"
        blamed = {row.line for row in report.rows if row.name in report.roots}
        assert blamed and blamed <= mistake.lines(vjp(name).source), str(report)
