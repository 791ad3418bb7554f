"""Straight-through estimators: right by the reference that says what is meant, with what lies on a
bound too; unjudged without one; and wrong where they are."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import byhand.torch


class FakeQuantise(torch.autograd.Function):
    """Rounds to a grid that ends: what was cut off has no gradient (PyTorch's fake_quantize)."""

    @staticmethod
    def forward(ctx: Any, x: Any, scale: Any, zero: Any, low: int, high: int) -> Any:
        q = torch.round(x / scale) + zero
        ctx.save_for_backward((q >= low) & (q <= high))
        return (q.clamp(low, high) - zero) * scale

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        (mask,) = ctx.saved_tensors
        return dy * mask, None, None, None, None


class ForgetsTheMask(FakeQuantise):
    """Wrong: what was cut off has a gradient."""

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return dy, None, None, None, None


class ForgetsTheUpper(FakeQuantise):
    """Wrong: what was cut off above has a gradient."""

    @staticmethod
    def forward(ctx: Any, x: Any, scale: Any, zero: Any, low: int, high: int) -> Any:
        q = torch.round(x / scale) + zero
        ctx.save_for_backward(q >= low)
        return (q.clamp(low, high) - zero) * scale


def inputs(rng: Any, *, rows: int = 4, width: int = 5) -> dict[str, Any]:
    return {
        "x": torch.from_numpy(rng.normal(size=(rows, width))),
        "scale": torch.from_numpy(rng.random((rows, 1)) * 0.1 + 0.05),
        "zero": torch.from_numpy(rng.integers(-2, 3, size=(rows, 1))),
        "low": -8,
        "high": 7,
    }


def reference(x: Any, scale: Any, zero: Any, low: int, high: int) -> Any:
    q = x / scale + zero
    q = q + (torch.round(x / scale) + zero - q).detach()
    return (q.clamp(low, high) - zero) * scale


@pytest.mark.parametrize("seed", range(5))
def test_right(seed: int) -> None:
    report = byhand.torch.check(
        FakeQuantise, inputs, reference=reference, needs=("x",), seed=seed, edges=False
    )
    assert report.ok, str(report)


@pytest.mark.parametrize("fn", [ForgetsTheMask, ForgetsTheUpper])
@pytest.mark.parametrize("seed", range(3))
def test_wrong(fn: Any, seed: int) -> None:
    report = byhand.torch.check(fn, inputs, reference=reference, needs=("x",), seed=seed)
    assert report.roots == ("x",)


@pytest.mark.parametrize("fn", [FakeQuantise, ForgetsTheMask])
def test_without_a_reference_no_one_says_what_is_meant(fn: Any) -> None:
    report = byhand.torch.check(fn, inputs, needs=("x",))
    assert [row.verdict for row in report.rows] == ["unjudged"]
    assert not report.roots
