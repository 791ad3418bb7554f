"""Backwards that aren't meant to be forward's derivative: unknown, until a reference says which."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from right_functions import R

import byhand.torch


class Round(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return torch.round(x)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return dy


class Quantised(torch.autograd.Function):
    """By the largest element, so that the gradient isn't 0 everywhere."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        scale = x.abs().max() / 7
        return torch.round(x / scale) * scale

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return dy


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        (x,) = ctx.saved_tensors
        return dy / (1 + x.abs()) ** 2


class Nearest(torch.autograd.Function):
    """As in a vector-quantised autoencoder."""

    @staticmethod
    def forward(ctx: Any, x: Any, book: Any) -> Any:
        place = torch.cdist(x, book).argmin(-1)
        ctx.save_for_backward(place, book)
        return book[place]

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        place, book = ctx.saved_tensors
        return dy, torch.zeros_like(book).index_add_(0, place, dy)


class Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return -dy


@pytest.mark.parametrize("function", [Round, Quantised, Spike, Nearest, Reversed])
def test_it_is_neither_right_nor_wrong(function: Any) -> None:
    inputs = (R(4, 3), R(5, 3)) if function is Nearest else (2 * R(4, 3),)
    report = byhand.torch.check(function, inputs)
    assert report["x"].verdict == "unjudged"
    assert report["x"].mistake is None
    assert "give a reference" in str(report["x"].note)
    assert not report.ok
    assert report.roots == ()
    assert all(row.right for row in report.rows if row.name != "x")


def test_a_reference_says_what_is_meant() -> None:
    def straight(x: Any) -> Any:
        return x + (torch.round(x) - x).detach()

    assert byhand.torch.check(Round, (2 * R(4, 3),), reference=straight).ok

    def twice(x: Any) -> Any:
        return 2 * x + (torch.round(x) - 2 * x).detach()

    assert byhand.torch.check(Round, (2 * R(4, 3),), reference=twice).roots == ("x",)


class Beside(torch.autograd.Function):
    """What doesn't go through the rounding is judged as ever."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        rounded = torch.round(w)
        ctx.save_for_backward(x, rounded)
        return x @ rounded

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, rounded = ctx.saved_tensors
        return dy @ rounded.T / 2, x.T @ dy


def test_other_inputs_are_judged() -> None:
    report = byhand.torch.check(Beside, (R(4, 3), 3 * R(3, 2)))
    assert (report["x"].verdict, report["w"].verdict) == ("wrong", "unjudged")
    assert report.roots == ("x",)


class Unused(torch.autograd.Function):
    """Nothing depends on x, so that its gradient is 0 and nothing else."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        return 2 * w

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return dy, 2 * dy


def test_what_forward_does_not_read_has_no_gradient() -> None:
    report = byhand.torch.check(Unused, (R(4, 3), R(4, 3)))
    assert report["x"].verdict == "wrong"


class Solved(torch.autograd.Function):
    """By a Cholesky factor, of which PyTorch gives the gradient among symmetric matrices."""

    @staticmethod
    def forward(ctx: Any, a: Any, b: Any) -> Any:
        factor = torch.linalg.cholesky(a)
        x = torch.cholesky_solve(b, factor)
        ctx.save_for_backward(factor, x)
        return x

    @staticmethod
    def backward(ctx: Any, dx: Any) -> Any:
        factor, x = ctx.saved_tensors
        db = torch.cholesky_solve(dx, factor)
        da = -db @ x.mT
        return (da + da.mT) / 2, db


def test_a_gradient_among_symmetric_matrices_is_pytorchs() -> None:
    def inputs(rng: Any, *, n: int = 4) -> Any:
        a, b = torch.from_numpy(rng.normal(size=(n, n))), torch.from_numpy(rng.normal(size=(n, 2)))
        return a @ a.mT + n * torch.eye(n), b

    report = byhand.torch.check(Solved, inputs)
    assert report.ok, str(report)
