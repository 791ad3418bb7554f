"""Where a gradient jumps, as at a tie, any of several values is right: there and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels_of_tensors import kernel_of

from byhand.kernels.bench import Bench
from byhand.kernels.options import Options


class Clip(torch.autograd.Function):
    """The slope of a clip, which is 0 at its bounds; PyTorch takes 1 there."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return x.clamp(-1, 1) * w

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        return g * w * ((x > -1) & (x < 1)), (g * x.clamp(-1, 1)).sum(0)


class Larger(torch.autograd.Function):
    """Of two that are equal the second takes it all; PyTorch gives half to each."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return torch.maximum(x, w)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        return g * (x > w), (g * (x <= w)).sum(0)


class ForgetsTheLower(Clip):
    """Wrong wherever x is below -1."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        return g * w * (x < 1), (g * x.clamp(-1, 1)).sum(0)


REFERENCES = {
    Clip: lambda x, w: x.clamp(-1, 1) * w,
    Larger: torch.maximum,
    ForgetsTheLower: lambda x, w: x.clamp(-1, 1) * w,
}


def bench(fn: Any, seed: int, dtype: str, grid: float, rows: int) -> Bench:
    """A Function on multiples of 1 / grid, among which ties are common."""

    def inputs(rng: Any, *, rows: int = rows, width: int = 3) -> dict[str, Any]:
        def draw(*shape: int) -> torch.Tensor:
            return torch.from_numpy(np.round(grid * rng.normal(size=shape)) / grid)

        return {"x": draw(rows, width), "w": draw(width)}

    made = kernel_of(fn.apply, REFERENCES[fn], inputs)
    return Bench(made, Options(dtype=dtype, seed=seed))


@settings(max_examples=40, deadline=None)
@given(
    fn=st.sampled_from([Clip, Larger]),
    seed=st.integers(0, 10_000),
    dtype=st.sampled_from(["float64", "float32", "float16", "bfloat16"]),
    grid=st.sampled_from([1.0, 2.0, 4.0]),
    rows=st.integers(1, 40),
)
def test_any_slope_at_a_tie_is_right(
    fn: Any, seed: int, dtype: str, grid: float, rows: int
) -> None:
    assert not bench(fn, seed, dtype, grid, rows).first.wrong


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_beside_a_tie_it_is_wrong_as_before(dtype: str) -> None:
    assert set(bench(ForgetsTheLower, 0, dtype, 4.0, 40).first.wrong) == {"x"}


def test_one_whole_number_at_a_bound_is_no_edge_to_find() -> None:
    """Of a single kink both sides are seen, whatever the draw."""
    from byhand.kernels.probes.edge import EDGE

    for seed in range(20):
        found = bench(Clip, seed, "float64", 8.0, 2)
        if not found.first.wrong:
            assert not [each for each in EDGE.find(found) if each.wrong], seed
