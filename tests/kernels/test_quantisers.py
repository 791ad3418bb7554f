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


class Binarise(torch.autograd.Function):
    """Wrong: what is below -1 has a gradient. That x**2 would be right there means nothing."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x.sign()

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        (x,) = ctx.saved_tensors
        dx = dy.clone()
        dx[x.ge(1)] = 0
        return dx


class Clips(torch.autograd.Function):
    """Clips the gradient of what it hands on unchanged."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return dy.clamp(-0.5, 0.5)


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


def binarised(x: Any) -> Any:
    hard = x.clamp(-1, 1)
    return hard + (x.sign() - hard).detach()


def drawn(rng: Any, *, rows: int = 6, width: int = 5) -> dict[str, Any]:
    return {"x": torch.from_numpy(rng.normal(size=(rows, width)))}


def test_what_is_compared_has_no_exponent() -> None:
    report = byhand.torch.check(Binarise, drawn, reference=binarised)
    (row,) = report.rows
    assert row.mistake is not None
    assert row.mistake.code == "unknown"


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_what_a_reference_says_is_meant(dtype: torch.dtype) -> None:
    assert [row.verdict for row in byhand.torch.check(Clips, drawn).rows] == ["unjudged"]
    report = byhand.torch.check(Clips, drawn, reference=lambda x: 1 * x, dtype=dtype)
    assert [row.verdict for row in report.rows] == ["wrong"]
    turned = byhand.torch.check(Clips, drawn, reference=lambda x: 2 * x.detach() - x, dtype=dtype)
    assert [row.verdict for row in turned.rows] == ["wrong"]
