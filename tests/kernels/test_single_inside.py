"""Kernels that make float32 of float64 themselves, judged without a reference."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import byhand.torch
from sweeps import a_few


class Followed(torch.autograd.Function):
    """A layer norm whose statistics are in float32, as fused ones are."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any) -> Any:
        wide = x.float()
        mean = wide.mean(-1, keepdim=True)
        rstd = torch.rsqrt((wide - mean).square().mean(-1, keepdim=True) + 1e-5)
        ctx.save_for_backward(x, weight, mean, rstd)
        return ((wide - mean) * rstd * weight.float()).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, weight, mean, rstd = ctx.saved_tensors
        xhat = (x.float() - mean) * rstd
        dxhat = dy.float() * weight.float()
        along = (dxhat * xhat).mean(-1, keepdim=True)
        dx = rstd * (dxhat - dxhat.mean(-1, keepdim=True) - xhat * along)
        dweight = (dy.float() * xhat).sum(0)
        return dx.to(x.dtype), dweight.to(weight.dtype)


class Unseen(torch.autograd.Function):
    """The same in NumPy, where autograd sees nothing: differences say what is true."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any) -> Any:
        ctx.save_for_backward(x, weight)
        wide = x.detach().float().numpy()
        centred = wide - wide.mean(-1, keepdims=True)
        xhat = centred / ((centred**2).mean(-1, keepdims=True) + 1e-5) ** 0.5
        return torch.from_numpy(xhat * weight.detach().float().numpy()).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, weight = ctx.saved_tensors
        centred = x - x.mean(-1, keepdim=True)
        rstd = torch.rsqrt(centred.square().mean(-1, keepdim=True) + 1e-5)
        xhat = centred * rstd
        dxhat = dy * weight
        along = (dxhat * xhat).mean(-1, keepdim=True)
        return rstd * (dxhat - dxhat.mean(-1, keepdim=True) - xhat * along), (dy * xhat).sum(0)


class FollowedWrong(Followed):
    """Wrong: a sum where a mean belongs."""

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        dx, dweight = Followed.backward(ctx, dy)
        return dx, dweight / len(dy)


class UnseenWrong(Unseen):
    """Wrong by a factor."""

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        dx, dweight = Unseen.backward(ctx, dy)
        return 1.5 * dx, dweight


def inputs(rng: Any, *, n: int = 4, d: int = 5) -> dict[str, Any]:
    return {
        "x": torch.from_numpy(rng.normal(size=(n, d))),
        "weight": torch.from_numpy(rng.normal(size=d)),
    }


@pytest.mark.parametrize("fn", [Followed, Unseen])
@pytest.mark.parametrize("seed", a_few(range(3)))
def test_right(fn: Any, seed: int) -> None:
    report = byhand.torch.check(fn, inputs, seed=seed)
    assert report.ok, str(report)


@pytest.mark.parametrize(("fn", "name"), a_few([(FollowedWrong, "weight"), (UnseenWrong, "x")]))
def test_wrong(fn: Any, name: str) -> None:
    report = byhand.torch.check(fn, inputs)
    assert report.roots == (name,)
