"""What has no backward in Python, or calls one: judged by what comes out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from right_functions import Helpers, R
from torch.library import custom_op

import byhand.torch
from byhand.errors import ProblemError


class Bad(Helpers):
    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        r = x @ w
        t = torch.tanh(r)
        ctx.save_for_backward(x, w, t)
        return t

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w, t = ctx.saved_tensors
        dr = g * (1 - t)
        return dr @ w.T, x.T @ dr


class Dense(torch.nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function
        self.lin = torch.nn.Linear(4, 2).double()  # whose bias nothing uses

    def forward(self, x: Any) -> Any:
        return self.function.apply(x, self.lin.weight.T)


def dense(x: Any, w: Any) -> Any:
    return torch.tanh(x @ w)


def test_a_module_is_judged_with_its_parameters() -> None:
    report = byhand.torch.check(Dense(Helpers), R(3, 4))
    assert report.ok
    assert {row.name for row in report.rows} == {"x", "lin_weight", "lin_bias"}


@pytest.mark.parametrize("fn", [Dense(Bad), lambda x: Bad.apply(x, R(4, 2))])
def test_a_function_that_is_called_is_looked_into(fn: Any) -> None:
    report = byhand.torch.check(fn, R(3, 4))
    assert report.roots == ("r",)
    assert report["r"].source == "dr = g * (1 - t)"
    assert "calls Bad, which is judged here" in report.notes[0]


@custom_op("byhand_tests::halved", mutates_args=(), schema="(Tensor x) -> Tensor")
def halved(x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(x.numpy() / 2)  # which autograd can't see


class Opaque:
    """A backward that isn't Python to be read."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, ctx: Any, g: Any) -> Any:
        return g * self.factor


@pytest.mark.parametrize("factor", [0.5, 0.25])
def test_differences_judge_what_nothing_else_can(factor: float) -> None:
    halved.register_autograd(Opaque(factor))
    report = byhand.torch.check(halved, R(3, 4))
    assert report.referee == "finite"
    assert report.ok == (factor == 0.5)


@pytest.mark.parametrize("reference, right", [(dense, True), (lambda x, w: (x @ w).sin(), False)])
def test_a_reference_judges_any_function(reference: Any, right: bool) -> None:
    inputs = R(3, 4), R(4, 2)
    report = byhand.torch.check(lambda x, w: Helpers.apply(x, w), inputs, reference=reference)
    assert (report.ok, report.referee) == (right, "reference")
    assert any(finding.name == "forward" for finding in report.findings) != right


def test_a_backward_that_never_runs_is_no_pass() -> None:
    report = byhand.torch.check(lambda x, w: dense(x, w), (R(3, 4), R(4, 2)), reference=dense)
    assert not report.ok
    assert [finding.name for finding in report.findings] == ["never-ran"]


class TooFew(Helpers):
    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return Helpers.backward(ctx, g)[:1]


def test_what_pytorch_refuses_is_no_pass() -> None:
    report = byhand.torch.check(TooFew, (R(3, 4), R(4, 2)))
    assert not report.ok
    assert "an incorrect number of gradients (expected 2, got 1)" in str(report["x"].note)


def test_nothing_to_check_is_one_line() -> None:
    with pytest.raises(ProblemError, match="no output is differentiable"):
        byhand.torch.check(lambda x: x > 0, R(3))
    with pytest.raises(ProblemError, match="no input is a tensor of floats"):
        byhand.torch.check(Helpers, (torch.arange(3), torch.arange(3)))
    inputs = R(3, 4), R(4, 2)
    with pytest.raises(ProblemError, match="needs inputs that are a function"):
        byhand.torch.check(Helpers, inputs, sizes=[{"n": 3}])
    with pytest.raises(ProblemError, match="<lambda>: it has too many elements to find"):
        byhand.torch.check(lambda x: Helpers.apply(x, inputs[1]), R(600, 4))
    with pytest.raises(ProblemError, match="reference is no function: 3"):
        byhand.torch.check(Helpers, inputs, reference=3)  # pyright: ignore[reportArgumentType]


def test_one_plain_comparison() -> None:
    once = {"layouts": False, "edges": False, "repeats": 1}
    inputs = R(3, 4), R(4, 2)
    right = byhand.torch.check(Helpers, inputs, reference=dense, **once)
    assert right.ok
    assert [row.line for row in right.rows] == [None, None]
    wrong = byhand.torch.check(Bad, inputs, reference=dense, **once)
    assert wrong.roots == ("r",)
    itself = byhand.torch.check(Helpers, inputs, reference=lambda x, w: Helpers.apply(x, w), **once)
    assert [finding.name for finding in itself.findings] == ["self-comparison"]


def test_one_plain_comparison_costs_little() -> None:
    """Fast gradcheck makes as many calls; seconds would depend on the machine."""
    calls = {"forward": 0, "backward": 0}

    class Counted(Helpers):
        @staticmethod
        def forward(ctx: Any, x: Any, w: Any) -> Any:
            calls["forward"] += 1
            return Helpers.forward(ctx, x, w)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            calls["backward"] += 1
            return Helpers.backward(ctx, g)

    inputs = R(3, 4), R(4, 2)
    once = {"layouts": False, "edges": False, "repeats": 1}
    assert byhand.torch.check(Counted, inputs, reference=dense, **once).ok
    assert calls == {"forward": 3, "backward": 1}


def called(run: Callable[[], Any]) -> int:
    """How many functions a run calls, once it has run before."""
    run()
    count = 0

    def seen(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        run()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("reference", [dense, None])
def test_one_plain_comparison_reads_little_of_the_file(reference: Any) -> None:
    """Fast gradcheck calls a sixth as many functions, and spends its time in PyTorch: where
    helpers were put into backward, it was a nineteenth."""
    inputs = R(3, 4), R(4, 2)
    leaves = tuple(each.clone().requires_grad_() for each in inputs)
    once = {"layouts": False, "edges": False, "repeats": 1}
    mine = called(lambda: byhand.torch.check(Helpers, inputs, reference=reference, **once))
    theirs = called(lambda: torch.autograd.gradcheck(Helpers.apply, leaves, fast_mode=True))
    assert mine < 8 * theirs


class Over(torch.autograd.Function):
    """A forward that writes over its input what PyTorch's own backward would still need."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        x.tanh_().mul_(2.0)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (y,) = ctx.saved_tensors
        return g * 2 * (1 - y * y / 4)


def test_what_forward_overwrites_needs_no_differences() -> None:
    report = byhand.torch.check(Over, (R(3, 4),))
    assert report.ok, str(report)
    assert not any("differences" in note for note in report.notes), report.notes
