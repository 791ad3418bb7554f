"""A Triton kernel is seen before it is run: what launches one is only ever called as a whole."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
import torch
from right_functions import Helpers, R

import byhand.torch
from byhand.errors import ProblemError
from byhand.torch.launches import launches


class Compiled:
    """Stands for Triton's: what is launched by `kernel[grid](...)`."""

    def __getitem__(self, grid: Any) -> Any:
        return lambda *given: None


Compiled.__module__ = "triton.runtime.jit"
kernel = Compiled()
kernels = ModuleType("kernels")
kernels.fused = kernel  # type: ignore[attr-defined]


def launch(x: Any) -> Any:
    kernel[(len(x),)](x)
    return x


def of_a_module(x: Any) -> Any:
    kernels.fused[(1,)](x)


def launcher() -> Any:
    inner = kernel

    def closes_over(x: Any) -> Any:
        return inner[(1,)](x)

    return closes_over


class Launches(Helpers):
    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return tuple(launch(each) for each in Helpers.backward(ctx, g))


def test_they_are_seen_wherever_they_are_called() -> None:
    assert launches(launch) == "kernel"
    assert launches(of_a_module) == "fused"
    assert launches(launcher()) == "inner"
    assert launches(Launches) == "kernel"
    assert launches(lambda x, w: Launches.apply(x, w)) == "kernel"


def test_nothing_else_is_taken_for_one() -> None:
    assert not launches(Helpers)
    assert not launches(torch.nn.functional.gelu)
    assert not launches(print)
    assert not launches(torch.nn.Linear)


def test_what_launches_one_is_judged_by_its_outputs() -> None:
    given = R(3, 4).float(), R(4, 2).float()

    def reference(x: Any, w: Any) -> Any:
        return torch.tanh(x @ w)

    report = byhand.torch.check(Launches, given, reference=reference)
    assert report.ok, str(report)
    assert [row.line for row in report.rows] == [None, None]
    assert "launches kernel, a Triton kernel" in report.notes[0]
    with pytest.raises(ProblemError, match="Launches launches kernel: say what is true by"):
        byhand.torch.check(Launches, given)
