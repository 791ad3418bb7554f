"""Functions of the same file that a backward calls: a wrong line in one is blamed there."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from right_functions import R

import byhand.torch

SLOPE = 0.5


def softmax_gradient(p: Any, dp: Any) -> Any:
    inner = dp.sum(-1, keepdim=True)
    return p * (dp - inner)


def scaled(x: Any, by: float = 2.0) -> Any:
    x = by * x
    return x * SLOPE


class Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, s: Any, v: Any) -> Any:
        p = torch.softmax(scaled(s), -1)
        ctx.save_for_backward(p, v)
        return p @ v

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        p, v = ctx.saved_tensors
        dp = dy @ v.T
        ds = softmax_gradient(p, dp)
        return scaled(ds), p.T @ dy


def whole(ctx: Any, dy: Any) -> Any:
    x, w = ctx.saved_tensors
    dr = dy * torch.cos(x @ w)
    dx = dr @ w.T
    return dx, x.T @ dr / 2


class HandsOn(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return torch.sin(x @ w)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return whole(ctx, dy)


class OfIts(torch.autograd.Function):
    @staticmethod
    def slope(x: Any, *, times: float) -> Any:
        t = torch.tanh(x)
        return times * (1 - t)

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return torch.tanh(x)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        (x,) = ctx.saved_tensors
        return dy * OfIts.slope(x, times=1.0)


@pytest.mark.parametrize(
    ("function", "inputs", "root", "line"),
    [
        (Attention, (R(4, 3), R(3, 2)), "s", "inner = dp.sum(-1, keepdim=True)"),
        (HandsOn, (R(4, 3), R(3, 2)), "w", "return dx, x.T @ dr / 2"),
        (OfIts, (R(4, 3),), "x", "return times * (1 - t)"),
    ],
)
def test_the_line_of_a_helper_is_blamed(function: Any, inputs: Any, root: str, line: str) -> None:
    report = byhand.torch.check(function, inputs)
    assert [report[name].source for name in report.roots] == [line], str(report)
    assert all(row.right or row.verdict == "inherited" for row in report.rows if row.source != line)


def test_the_names_are_those_of_the_file() -> None:
    report = byhand.torch.check(Attention, (R(4, 3), R(3, 2)))
    assert "in_" not in str(report)
    assert "softmax_gradient_" not in str(report)
