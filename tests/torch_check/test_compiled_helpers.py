"""Helpers that PyTorch compiled are read as the Python that they were made of."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import byhand.torch


def bias_gelu_back(g, y):  # type: ignore[no-untyped-def]
    tanh_out = torch.tanh(0.79788456 * y * (1 + 0.044715 * y * y))
    slope = (1 - tanh_out * tanh_out) * (0.79788456 + 0.1070322243 * y * y)
    return (0.5 * y * slope + 0.5 * (1 + tanh_out)) * g


def swish_back(g, y):  # type: ignore[no-untyped-def]
    s = torch.sigmoid(y)
    return g * (s * (1 + y * s))


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PyTorch asks for torch.compile
    scripted = torch.jit.script(bias_gelu_back)
    wrong = torch.jit.script(swish_back)
compiled = torch.compile(bias_gelu_back, backend="eager")


class Scripted(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, y: Any) -> Any:
        ctx.save_for_backward(y)
        return y * 0.5 * (1.0 + torch.tanh(0.79788456 * y * (1 + 0.044715 * y * y)))

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (y,) = ctx.saved_tensors
        return scripted(g, y)


class Compiled(Scripted):
    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (y,) = ctx.saved_tensors
        return compiled(g, y)


class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, y: Any) -> Any:
        ctx.save_for_backward(y)
        return y * torch.sigmoid(y)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (y,) = ctx.saved_tensors
        return wrong(g, y)


def inputs(rng: Any, *, n: int = 4, d: int = 5) -> dict[str, Any]:
    return {"y": torch.from_numpy(rng.normal(size=(n, d)))}


@pytest.mark.parametrize("fn", [Scripted, Compiled])
def test_constants_of_few_digits_are_known_there_too(fn: Any) -> None:
    report = byhand.torch.check(fn, inputs)
    assert report.ok, str(report)
    assert [row.source for row in report.rows] == [
        "return (0.5 * y * slope + 0.5 * (1 + tanh_out)) * g"
    ]


def test_a_wrong_line_is_named_where_it_stands() -> None:
    report = byhand.torch.check(Wrong, inputs)
    assert [row.source for row in report.rows if row.name in report.roots] == [
        "return g * (s * (1 + y * s))"
    ]


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return 2 * x

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return 3 * dy


class Halved(Doubled):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x / 2

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return dy / 2


@pytest.mark.filterwarnings("ignore")  # PyTorch's compiler uses what PyTorch warns of
def test_a_compiled_function_that_applies_a_function_is_judged() -> None:
    """What looks on at `apply` is nothing that PyTorch's compiler could follow."""
    given = (torch.randn(4, dtype=torch.float64),)
    right = torch.compile(lambda x: Halved.apply(x) + 1, backend="eager")
    assert byhand.torch.check(right, given).ok
    wrong = torch.compile(lambda x: Doubled.apply(x) + 1, backend="eager")
    report = byhand.torch.check(wrong, given)
    assert report.roots == ("x",)
    assert [row.mistake.code for row in report.rows if row.mistake] == ["factor"]
