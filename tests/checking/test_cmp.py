"""`byhand.cmp`: the lecture's one-line comparison, with today's answers to what fooled that one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import byhand
from byhand.checking.cmp import compared


def leaf(gradient: Any) -> torch.Tensor:
    """A tensor after backward()."""
    tensor = torch.zeros(np.shape(gradient), requires_grad=True)
    tensor.grad = torch.as_tensor(gradient, dtype=torch.float32)
    return tensor


TRUTH = np.random.default_rng(0).normal(size=(32, 27)).astype(np.float32)


def test_it_prints_one_line_with_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    byhand.cmp("logits", torch.tensor(TRUTH), leaf(TRUTH))
    assert capsys.readouterr().out == "logits          | right | exact: True  | maxdiff: 0\n"


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
def test_equal_and_nearly_equal_are_right(kind: Any) -> None:
    assert compared(kind(TRUTH), leaf(TRUTH)).startswith("right | exact: True")
    near = compared(kind(TRUTH * np.float32(1 + 2e-7)), leaf(TRUTH))
    assert near.startswith("right | exact: False | maxdiff: ")
    assert near.endswith("(rounding)")


def test_the_truth_may_be_a_plain_array() -> None:
    assert compared(TRUTH, TRUTH).startswith("right")
    assert compared(torch.tensor(TRUTH), torch.tensor(TRUTH)).startswith("right")


def test_shapes_dont_broadcast() -> None:
    column = np.ones((32, 1), dtype=np.float32)
    assert compared(np.ones(32, np.float32), leaf(column)) == (
        "wrong shape: (32,), expected (32, 1)"
    )
    assert compared(np.ones((1, 64)), leaf(np.ones(64))).startswith("wrong shape: (1, 64)")
    assert compared(1.0, leaf(column)).startswith("wrong shape: (), expected (32, 1)")


def test_a_small_error_is_wrong() -> None:
    wrong = TRUTH * np.float32(1.0001)
    assert compared(wrong, leaf(TRUTH)).startswith("wrong | exact: False")
    one = TRUTH.copy()
    one[3, 3] += 0.01
    assert compared(one, leaf(TRUTH)).startswith("wrong")


def test_all_zeros_are_wrong_or_at_least_not_right() -> None:
    zeros = np.zeros_like(TRUTH)
    assert "all zeros; the gradient goes up to" in compared(zeros, leaf(TRUTH * 1e-3))
    assert compared(zeros, leaf(TRUTH * 1e-6)).startswith("wrong")
    noise = compared(zeros, leaf(TRUTH * 1e-9))
    assert noise.startswith("unclear")
    assert "byhand.check can tell" in noise


def test_noise_against_noise_is_unclear() -> None:
    assert compared(-TRUTH * 1e-9, leaf(TRUTH * 1e-9)).startswith("unclear")
    nothing = compared(TRUTH, leaf(TRUTH * 0))
    assert nothing.startswith("wrong")
    assert nothing.endswith("(the gradient is zero)")


def test_what_is_no_gradient_is_said() -> None:
    assert compared(TRUTH.astype(int), leaf(TRUTH)).startswith("wrong type: int64")
    assert compared(None, leaf(TRUTH)) == "wrong: NoneType, not an array of floats"
    assert compared([1.0], leaf(TRUTH)) == "wrong: list, not an array of floats"
    infinite = TRUTH.copy()
    infinite[0] = np.nan
    assert compared(infinite, leaf(TRUTH)) == "wrong: 27 of 864 elements are NaN or infinite"


def test_a_gradient_that_isnt_there_is_said() -> None:
    never = torch.zeros(2, requires_grad=True)
    assert "call t.retain_grad() and then loss.backward()" in compared(np.zeros(2), never)
    inner = never * 2
    inner.sum().backward()
    assert "call t.retain_grad()" in compared(np.zeros(2), inner)


def test_it_takes_double_precision_at_its_word() -> None:
    truth = TRUTH.astype(np.float64)
    assert compared(truth * (1 + 1e-15), truth).startswith("right")
    assert compared(truth * (1 + 1e-12), truth).startswith("wrong")


def test_an_engine_tensor_is_compared_by_its_grad() -> None:
    from byhand.engine import Tensor

    x = Tensor(np.array([1.0, 2.0]))
    (x * x).sum().backward()
    assert compared(np.array([2.0, 4.0]), x).startswith("right | exact: True")


def test_empty_and_scalar_gradients() -> None:
    assert compared(np.zeros((0, 3)), np.zeros((0, 3))).startswith("right")
    assert compared(0.25, np.array(0.25)).startswith("right | exact: True")
