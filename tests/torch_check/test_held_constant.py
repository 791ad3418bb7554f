"""Forwards that hold something constant on purpose, without a reference that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from right_functions import R
from torch.nn.functional import normalize

import byhand.torch
from byhand.torch.held import MEANT


class SpectralNorm(torch.autograd.Function):
    """Miyato et al., arXiv 1802.05957: u and v are constants of the gradient."""

    @staticmethod
    def forward(ctx: Any, weight: Any, u: Any) -> Any:
        with torch.no_grad():
            v = normalize(weight.T @ u, dim=0)
            u = normalize(weight @ v, dim=0)
        sigma = u @ weight @ v
        out = weight / sigma
        ctx.save_for_backward(out, u, v, sigma)
        return out

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        out, u, v, sigma = ctx.saved_tensors
        return (dout - (dout * out).sum() * torch.outer(u, v)) / sigma, None


class HeldScale(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        scale = x.abs().max().detach()
        y = torch.tanh(x / scale)
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        y, scale = ctx.saved_tensors
        return dy * (1 - y * y) / scale


@torch.library.custom_op("byhand_tests::held_scale", mutates_args=())
def held_op(x: torch.Tensor) -> torch.Tensor:
    return torch.tanh(x / x.abs().max().detach())


def _save(ctx: Any, inputs: Any, output: Any) -> None:
    ctx.save_for_backward(inputs[0], output)


def _back(ctx: Any, dy: Any) -> Any:
    x, y = ctx.saved_tensors
    return dy * (1 - y * y) / x.abs().max()


held_op.register_autograd(_back, setup_context=_save)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * dy


def held_outside(x: torch.Tensor) -> torch.Tensor:
    return Square.apply(x / x.abs().max().detach())


def held_without_graph(x: torch.Tensor) -> torch.Tensor:
    y = Square.apply(x)
    with torch.no_grad():
        total = y.sum()
    return y / total


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (SpectralNorm, "weight"),
        (HeldScale, "x"),
        (held_op, "x"),
        (held_outside, "x"),
        (held_without_graph, "x"),
    ],
    ids=["spectral norm", "detached", "op", "outside", "without graph"],
)
def test_it_is_neither_right_nor_wrong(subject: Any, name: str) -> None:
    inputs = (R(4, 3), R(4)) if subject is SpectralNorm else (R(4, 3),)
    report = byhand.torch.check(subject, inputs)
    assert report[name].verdict == "unjudged"
    assert report[name].mistake is None
    assert MEANT in str(report[name].note)
    assert not report.ok
    assert not report.roots


class Slope(torch.autograd.Function):
    """Detached from habit: its backward is forward's slope."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        total = (x * x).sum().detach()
        ctx.save_for_backward(x, total)
        return x / total

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, total = ctx.saved_tensors
        return dy / total - 2 * x * (dy * x).sum() / total**2


def test_a_slope_stays_right_where_forward_detaches_from_habit() -> None:
    assert byhand.torch.check(Slope, (R(4, 3),))["x"].right


class Dropped(torch.autograd.Function):
    """A number, of which nothing is known, is no constant on purpose."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x - float(x.mean())

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return dy


class AllDetached(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x.detach() ** 2

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return torch.zeros_like(dy)


def _turned(backward: Callable[..., Any]) -> Callable[..., Any]:
    return staticmethod(lambda ctx, dout: (-backward(ctx, dout)[0], None))  # type: ignore[return-value]


class TurnedSpectralNorm(SpectralNorm):
    backward = _turned(SpectralNorm.backward)


@pytest.mark.parametrize("subject", [Dropped, AllDetached, TurnedSpectralNorm])
def test_what_is_wrong_both_ways_is_wrong(subject: Any) -> None:
    inputs = (R(4, 3), R(4)) if subject is TurnedSpectralNorm else (R(4, 3),)
    report = byhand.torch.check(subject, inputs)
    assert report.rows[0].verdict == "wrong"
