"""A gradient that backward finds and doesn't return is missing; what it never asks for is data."""

from __future__ import annotations

from typing import Any

import torch

import byhand.torch


class Forgets(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Any, index: Any, scale: Any) -> Any:
        ctx.save_for_backward(weight, index, scale)
        return weight[index] * scale

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        weight, index, scale = ctx.saved_tensors
        dweight = torch.zeros_like(weight).index_put_((index,), g * scale, accumulate=True)
        dscale = (g * weight[index]).sum()  # noqa: F841
        return dweight, None, None


class IsFrozen(Forgets):
    """`dscale` is a part of dweight here, and scale is data."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        weight, index, scale = ctx.saved_tensors
        dscale = g * scale
        return torch.zeros_like(weight).index_put_((index,), dscale, accumulate=True), None, None


def inputs(rng: Any, *, rows: int = 5, n: int = 7, d: int = 3) -> dict[str, Any]:
    return {
        "weight": torch.from_numpy(rng.normal(size=(rows, d))),
        "index": torch.from_numpy(rng.integers(0, rows, size=n)),
        "scale": torch.tensor(1.3, dtype=torch.float64),
    }


def test_what_is_found_and_not_returned_is_missing() -> None:
    report = byhand.torch.check(Forgets, inputs)
    assert {row.name: row.verdict for row in report.rows if not row.right} == {"scale": "missing"}
    assert not report.ok


def test_what_is_never_asked_for_is_data() -> None:
    report = byhand.torch.check(IsFrozen, inputs)
    assert report.ok, str(report)
    assert any("no gradient of scale: treated as data" in note for note in report.notes)
