"""byhand.torch.check on the kernels: the right ones pass, every mistake is found, with its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from kernel_cases import NAMES, Kernel, kernel, operator
from kernel_mistakes import MISTAKES, Mistake

import byhand.torch
from byhand.checking.report import Report
from sweeps import a_few, some

SLOW = {  # to name a mistake in these takes seconds
    "linear_cross_entropy",
    "gqa",
    "causal_conv",
    "flash_attention",
    "dense_gelu_dense",
    "selective_scan",
}


Form = Callable[..., Kernel]
FORMS = pytest.mark.parametrize("form", [kernel, operator], ids=["function", "op"])
BOTH = pytest.mark.parametrize(
    "form", [kernel, pytest.param(operator, marks=pytest.mark.sweep)], ids=["function", "op"]
)
"""A custom op is judged by the same statements."""


def checked(case: Kernel, **options: Any) -> Report:
    return byhand.torch.check(case.kind, case.inputs, reference=case.reference, **options)


def assert_found(form: Form, name: str, mistake: Mistake) -> None:
    report = checked(form(name, mistake))
    assert not report.ok, f"{mistake.new!r} was not found"
    if not mistake.in_forward:
        blamed = {row.line for row in report.rows if row.name in report.roots}
        assert blamed and blamed <= mistake.lines(form(name).source), str(report)


@FORMS
@pytest.mark.parametrize("name", a_few(NAMES))
def test_a_right_kernel_passes(name: str, form: Form) -> None:
    report = checked(form(name))
    assert report.ok, str(report)


@pytest.mark.parametrize("name", a_few(name for name in NAMES if name not in SLOW))
def test_a_mistake_is_found(name: str) -> None:
    assert_found(kernel, name, MISTAKES[name][0])


@pytest.mark.long
@BOTH
@pytest.mark.parametrize("name", some(NAMES))
def test_every_mistake_is_found(name: str, form: Form) -> None:
    for mistake in MISTAKES[name]:
        assert_found(form, name, mistake)


@pytest.mark.long
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
@BOTH
@pytest.mark.parametrize("name", some(NAMES))
def test_a_right_kernel_passes_in_narrow_types(name: str, form: Form, dtype: torch.dtype) -> None:
    report = checked(form(name), dtype=dtype)
    assert report.ok, str(report)


def test_a_local_is_called_as_the_user_calls_it() -> None:
    """`dxhat` holds a part of one sample and answers for nothing; it is dxhat in what is said."""
    report = checked(kernel("group_norm", MISTAKES["group_norm"][1]))
    mistake = report["x"].mistake
    assert mistake is not None and mistake.message.startswith("`(dxhat * xhat).mean()` adds up")


@pytest.mark.parametrize(
    ("name", "number", "code"),
    a_few(
        [
            ("cross_entropy", 1, "unnormalised"),  # x.shape[0] isn't a matrix the wrong way round
            ("embedding", 1, "scatter"),
            ("embedding", 2, "unknown"),  # nor is a condition a number too large, or a sign
            ("logcumsumexp", 1, "unknown"),  # a diagonal isn't an axis
            ("masked_softmax", 2, "missing-local"),
            ("moe", 0, "scatter"),
            ("rotary", 2, "swapped"),
        ]
    ),
)
def test_the_name_is_true(name: str, number: int, code: str) -> None:
    report = checked(kernel(name, MISTAKES[name][number]))
    mistakes = [row.mistake for row in report.rows if row.mistake is not None]
    assert [mistake.code for mistake in mistakes] == [code], str(report)
