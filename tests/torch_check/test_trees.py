"""Tensors inside lists and dicts, arguments by name, sparse gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from right_functions import R

import byhand.torch
from byhand.errors import ProblemError


def added(xs: Any, w: Any) -> Any:
    return torch.stack(list(xs)).sum(0) * w


SCHEMA = "(Tensor[] xs, Tensor w) -> Tensor"


@torch.library.custom_op("byhand_tests_trees::added", mutates_args=(), schema=SCHEMA)
def right(xs: Any, w: Any) -> Any:
    return torch.stack(xs).sum(0) * w


@torch.library.custom_op("byhand_tests_trees::wrong", mutates_args=(), schema=SCHEMA)
def wrong(xs: Any, w: Any) -> Any:
    return torch.stack(xs).sum(0) * w


def keep(ctx: Any, inputs: Any, output: Any) -> None:
    xs, w = inputs
    ctx.save_for_backward(w, *xs)


def back(ctx: Any, dy: Any) -> Any:
    w, *xs = ctx.saved_tensors
    return [dy * w for _ in xs], dy * torch.stack(xs).sum(0)


def wrong_back(ctx: Any, dy: Any) -> Any:
    w, *xs = ctx.saved_tensors
    return [dy * w, dy], dy * torch.stack(xs).sum(0)


right.register_autograd(back, setup_context=keep)
wrong.register_autograd(wrong_back, setup_context=keep)


@pytest.mark.parametrize("reference", [added, None])
def test_each_tensor_of_a_list_has_a_gradient(reference: Any) -> None:
    inputs = ([R(3), R(3)], R(3))
    report = byhand.torch.check(right, inputs, reference=reference)
    assert report.ok, str(report)
    assert [row.name for row in report.rows] == ["xs_0", "xs_1", "w"]
    assert byhand.torch.check(wrong, inputs, reference=reference).roots == ("xs_1",)


def test_sizes_are_tried_with_lists() -> None:
    def inputs(rng: Any, *, n: int = 3) -> Any:
        xs = [torch.from_numpy(rng.normal(size=n)) for _ in range(2)]
        return {"xs": xs, "w": torch.from_numpy(rng.normal(size=n))}

    assert byhand.torch.check(right, inputs, reference=added, sizes=[{"n": 5}]).ok


def test_dicts_and_arguments_by_name() -> None:
    def scaled(parts: Any, *, times: Any) -> Any:
        return {"left": parts["a"] * times, "right": Doubled.apply(parts["b"])}

    def plain(parts: Any, *, times: Any) -> Any:
        return {"left": parts["a"] * times, "right": 2 * parts["b"]}

    inputs = {"parts": {"a": R(3), "b": R(3)}, "times": R(3)}
    report = byhand.torch.check(scaled, inputs, reference=plain)
    assert report.ok, str(report)
    assert [row.name for row in report.rows] == ["parts_a", "parts_b", "times"]


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return 2 * x

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return 2 * dy


class Listed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, xs: Any, w: Any) -> Any:
        ctx.save_for_backward(*xs)
        return sum(xs) * w

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return None, dy * sum(ctx.saved_tensors)


def test_a_list_of_a_function_has_no_gradient_in_pytorch() -> None:
    xs = [R(3), R(3)]
    report = byhand.torch.check(Listed, (xs, R(3)))
    assert report.ok, str(report)
    assert any("tensors in xs have no gradient" in note for note in report.notes)
    assert all(type(x) is torch.Tensor for x in xs)


class Rows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Any, places: Any) -> Any:
        ctx.save_for_backward(places)
        ctx.shape = weight.shape
        return weight[places]

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        (places,) = ctx.saved_tensors
        return torch.sparse_coo_tensor(places[None], dy, ctx.shape), None


def test_a_sparse_gradient_is_judged_by_its_values() -> None:
    assert byhand.torch.check(Rows, (R(4, 2), torch.tensor([0, 2, 2]))).ok


def test_a_sparse_input_is_refused_in_one_line() -> None:
    with pytest.raises(ProblemError, match="x is a sparse tensor"):
        byhand.torch.check(Doubled, (R(3, 3).to_sparse(),))
