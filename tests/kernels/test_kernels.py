"""byhand.torch.check on the kernels: the right ones pass, every mistake is found, with its line."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from kernel_cases import NAMES, Kernel, kernel
from kernel_mistakes import MISTAKES, Mistake

import byhand.torch
from byhand.checking.report import Report

SLOW = {  # to name a mistake in these takes seconds
    "linear_cross_entropy",
    "gqa",
    "causal_conv",
    "flash_attention",
    "dense_gelu_dense",
    "selective_scan",
}


def checked(case: Kernel, **options: Any) -> Report:
    return byhand.torch.check(case.kind, case.inputs, reference=case.reference, **options)


def assert_found(name: str, mistake: Mistake) -> None:
    report = checked(kernel(name, mistake))
    assert not report.ok, f"{mistake.new!r} was not found"
    if not mistake.in_forward and report[report.roots[0]].line is not None:
        blamed = {row.line for row in report.rows if row.name in report.roots}
        assert blamed <= mistake.lines(kernel(name).source), str(report)


@pytest.mark.parametrize("name", NAMES)
def test_a_right_kernel_passes(name: str) -> None:
    report = checked(kernel(name))
    assert report.ok, str(report)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SLOW])
def test_a_mistake_is_found(name: str) -> None:
    assert_found(name, MISTAKES[name][0])


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_the_other_mistakes_are_found(name: str) -> None:
    for mistake in MISTAKES[name][name not in SLOW :]:
        assert_found(name, mistake)


@pytest.mark.long
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("name", NAMES)
def test_a_right_kernel_passes_in_narrow_types(name: str, dtype: torch.dtype) -> None:
    report = checked(kernel(name), dtype=dtype)
    assert report.ok, str(report)
