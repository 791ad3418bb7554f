"""Statements in bfloat16 are believed where PyTorch sums what they return over broadcast axes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import byhand.torch


class Bias(torch.autograd.Function):
    """Leaves one of two sums to PyTorch, which takes it where the gradient goes nowhere else."""

    @staticmethod
    def forward(ctx: Any, x: Any, bias: Any) -> Any:
        ctx.save_for_backward(x, bias)
        return torch.tanh(x + bias)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, bias = ctx.saved_tensors
        dx = dy * (1 - torch.tanh(x + bias).square())
        return dx, dx.sum(0)


def inputs(rng: Any, *, n: int = 2, m: int = 3, d: int = 5) -> dict[str, Any]:
    return {
        "x": torch.from_numpy(rng.normal(size=(n, m, d))),
        "bias": torch.from_numpy(rng.normal(size=d)),
    }


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("seed", range(5))
def test_the_missing_sum_is_told_in_every_type(dtype: torch.dtype, seed: int) -> None:
    report = byhand.torch.check(
        Bias, inputs, reference=lambda x, bias: torch.tanh(x + bias), dtype=dtype, seed=seed
    )
    assert report.roots == ("bias",)
    (row,) = [row for row in report.rows if row.name == "bias"]
    assert row.mistake is not None
    assert (row.verdict, row.mistake.code) == ("shape", "missing-reduction")
