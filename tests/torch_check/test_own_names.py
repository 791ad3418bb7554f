"""A report speaks of the names and the lines that the user's file has."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from right_functions import R

import byhand.torch


class Turned(torch.autograd.Function):
    """The upstream's name goes on as that of what is returned, as in many a rotary kernel."""

    @staticmethod
    def forward(ctx: Any, Q: Any, cos: Any, sin: Any) -> Any:
        ctx.save_for_backward(cos, sin)
        turned = torch.cat((-Q[..., 2:], Q[..., :2]), -1)
        return Q * cos + turned * sin

    @staticmethod
    def backward(ctx: Any, dY: Any) -> Any:
        cos, _sin = ctx.saved_tensors
        half = dY.shape[-1] // 2
        turned = torch.cat((dY[..., half:], -dY[..., :half]), -1)
        dY = dY * cos + turned
        return dY, None, None


def test_an_upstream_that_is_bound_anew_is_blamed_where_it_is() -> None:
    report = byhand.torch.check(Turned, (R(3, 4), R(3, 4), R(3, 4)))
    assert report["Q"].source == "dY = dY * cos + turned"
    assert not any("is bound" in note for note in report.notes)


class Divergence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pred: Any, true: Any) -> Any:
        ctx.save_for_backward(true)
        ctx.rows = pred.shape[0]
        return (true * (true.log() - pred)).sum() / ctx.rows

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        (true,) = ctx.saved_tensors
        return -true * grad_output * ctx.rows, None


def test_a_mistake_is_told_in_the_names_of_backward() -> None:
    true = R(3, 4).softmax(-1)
    report = byhand.torch.check(Divergence, (R(3, 4), true))
    mistake = report["pred"].mistake
    assert mistake is not None
    assert "grad_output" in mistake.message or "ctx.rows" in mistake.message
    assert "__" not in mistake.message
    assert "dout" not in mistake.message


class Scattered(torch.autograd.Function):
    """index_add_ refuses a source of another type."""

    @staticmethod
    def forward(ctx: Any, weight: Any, places: Any, scale: Any) -> Any:
        ctx.save_for_backward(weight, places, scale)
        rows = torch.from_numpy(weight.numpy()[places.numpy()])  # can't be followed
        return rows * scale[:, None]

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        weight, places, scale = ctx.saved_tensors
        grad_weight = torch.zeros_like(weight)
        grad_weight.index_add_(0, places, grad * scale[:, None])
        return grad_weight, None, (grad * weight[places]).sum(1)


def test_the_upstream_of_a_reference_has_the_type_of_the_inputs() -> None:
    def bag(weight: Any, places: Any, scale: Any) -> Any:
        whole, offsets = places, torch.arange(len(places))
        return torch.nn.functional.embedding_bag(
            whole, weight, offsets, mode="sum", per_sample_weights=scale
        )

    def inputs(rng: Any) -> Any:
        places = torch.tensor([0, 2, 2, 1])
        weight, scale = (torch.from_numpy(rng.normal(size=s)) for s in ((3, 2), 4))
        return weight, places, scale

    report = byhand.torch.check(Scattered, inputs, reference=bag, dtype=torch.float32)
    assert report.ok, str(report)
    assert report.referee == "reference"


class Weighted(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Any, *xs: Any) -> Any:
        ctx.save_for_backward(weight, *xs)
        return sum(x * w for x, w in zip(xs, weight, strict=True))

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        weight, *xs = ctx.saved_tensors
        dweight = torch.stack([(dy * x).mean() for x in xs])
        return dweight, *[dy * w for w in weight]


def test_a_return_with_a_star_is_taken_apart() -> None:
    report = byhand.torch.check(Weighted, (R(2), R(3, 4), R(3, 4)))
    assert report.roots == ("weight",)
    mistake = report["weight"].mistake
    assert mistake is not None
    assert mistake.code == "mean-for-sum"
    assert report["weight"].source.startswith("dweight = torch.stack(")


class Centred(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        flat = x.flatten(1)
        mean = flat.mean(1, keepdim=True)
        ctx.shape = x.shape
        return flat - mean

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        dx = dy - 2 * dy.mean(1, keepdim=True)
        return dx.to(dy.dtype).view(ctx.shape)


class Reordered(Centred):
    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        dx = dy - dy.mean(1, keepdim=True)
        return dx.view(ctx.shape[0], *ctx.shape[:0:-1]).mT


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (Centred, "dx = dy - 2 * dy.mean(1, keepdim=True)"),
        (Reordered, "return dx.view(ctx.shape[0], *ctx.shape[:0:-1]).mT"),  # the numbers are right
    ],
)
def test_the_line_is_that_which_made_the_numbers(function: Any, line: str) -> None:
    report = byhand.torch.check(function, (R(2, 3, 4),))
    assert not report.ok
    assert report["x"].source == line


class Swapped(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        a, b = x.unbind(-1)
        return torch.stack((b, 2 * a), -1)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        g = g.unbind(-1)
        return torch.stack((2 * g[1], g[0]), -1)


def test_an_upstream_that_is_taken_apart_is_no_answer() -> None:
    report = byhand.torch.check(Swapped, (R(3, 2),))
    assert report.ok, str(report)
    assert not report.notes
