"""Where an op is defined but not smooth, or where a careless formula overflows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from byhand.engine.backward import fit
from byhand.errors import UnsupportedError
from byhand.ops import REGISTRY

INF = np.inf
TIES = np.array([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0]])
ZEROS = np.array([[2.0, 3.0, 4.0], [2.0, 0.0, 4.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]])


def gradient(name: str, *xs: np.ndarray, **params: Any) -> Any:
    """Of the first argument, with an upstream gradient of 1, 2, 3, ..."""
    op = REGISTRY[name]
    out = op(*xs, **params)
    g = np.arange(1.0, np.size(out) + 1).reshape(np.shape(out))
    vjp = op.vjp(0)
    assert vjp is not None
    return fit(vjp(g, out, *xs, **params), xs[0].shape)


@pytest.mark.parametrize(("name", "sign"), [("max", 1), ("min", -1)])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_elements_that_tie_share_equally(name: str, sign: int, axis: Any, keepdims: bool) -> None:
    x = torch.from_numpy(sign * TIES).requires_grad_()
    pick = torch.amax if name == "max" else torch.amin
    out = pick(x, (0, 1) if axis is None else axis, keepdim=keepdims)
    weights = torch.arange(1.0, out.numel() + 1, dtype=torch.float64).reshape(out.shape)
    torch.sum(out * weights).backward()
    assert x.grad is not None
    mine = gradient(name, sign * TIES, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(mine, x.grad.numpy(), rtol=1e-15)


def test_product_with_zeros() -> None:
    expected = [[12, 8, 6], [0, 16, 0], [0, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(gradient("prod", ZEROS, axis=1), expected)


def test_running_product_with_zeros() -> None:
    for row in ZEROS:
        x = torch.from_numpy(row.copy()).requires_grad_()
        torch.sum(torch.cumprod(x, 0) * torch.tensor([1.0, 2.0, 3.0])).backward()
        assert x.grad is not None
        np.testing.assert_array_equal(gradient("cumprod", row, axis=0), x.grad.numpy())


def test_logsumexp_neither_overflows_nor_warns() -> None:
    x = np.array([[1000.0, 1000.0], [-1000.0, -INF], [-INF, -INF], [INF, 0.0]])
    out = REGISTRY["logsumexp"](x, axis=1)
    np.testing.assert_allclose(out, [1000 + np.log(2), -1000, -INF, INF])
    np.testing.assert_allclose(gradient("logsumexp", x[:2], axis=1), [[0.5, 0.5], [2, 0]])


def test_sigmoid_is_right_at_both_ends() -> None:
    x = np.array([-1000.0, -40.0, 0.0, 40.0, 1000.0])
    np.testing.assert_allclose(REGISTRY["sigmoid"](x), [0, np.exp(-40), 0.5, 1, 1], rtol=1e-15)


def test_relu_has_no_slope_at_zero() -> None:
    np.testing.assert_array_equal(
        gradient("maximum", np.array([-1.0, 0.0, 1.0]), np.zeros(3)), [0, 0, 3]
    )


def test_clip_has_no_slope_at_its_bounds() -> None:
    x, low, high = np.array([-1.0, 0.0, 1.0]), np.array(-1.0), np.array(1.0)
    np.testing.assert_array_equal(gradient("clip", x, low, high), [0, 2, 0])


def test_sorting_equal_elements_loses_no_gradient() -> None:
    mine = gradient("sort", TIES, axis=1)
    np.testing.assert_array_equal(np.sort(mine, axis=1), [[1, 2, 3, 4], [5, 6, 7, 8]])


def test_the_last_of_two_assignments_gets_the_gradient() -> None:
    put, index = REGISTRY["put"], np.array([0, 0, 1])
    x, value = np.zeros(3), np.array([1.0, 2.0, 3.0])
    out = put(x, value, index=index)
    np.testing.assert_array_equal(out, [2, 3, 0])
    dvalue = put.vjps[1]
    assert dvalue is not None
    np.testing.assert_array_equal(dvalue(np.ones(3), out, x, value, index=index), [0, 1, 1])


def test_a_product_over_nothing_is_zero() -> None:
    """No axis of such a batch can be left for NumPy to work out."""
    x, y = np.zeros((2, 3, 0)), np.zeros((0, 4))
    op = REGISTRY["matmul"]
    out = op(x, y)
    np.testing.assert_array_equal(out, np.zeros((2, 3, 4)))
    for i, shape in enumerate([x.shape, y.shape]):
        vjp = op.vjp(i)
        assert vjp is not None
        assert fit(vjp(out, out, x, y), shape).shape == shape


def test_the_determinant_may_be_negative() -> None:
    x = np.array([[0.5, 2.0], [3.0, -1.0]])
    cofactors = np.array([[-1.0, -3.0], [-2.0, 0.5]])
    np.testing.assert_allclose(gradient("det", x), cofactors, rtol=1e-15)
    np.testing.assert_allclose(gradient("logabsdet", x), cofactors / -6.5, rtol=1e-15)
    assert REGISTRY["detsign"](x) == -1


def test_a_determinant_without_an_inverse_says_so() -> None:
    for name in ("det", "logabsdet"):
        with pytest.raises(UnsupportedError, match="this matrix has none"):
            gradient(name, np.ones((2, 2)))


def test_remainders_of_negative_numbers() -> None:
    """The remainder has the sign of the divisor, C's (`fmod`) that of the number."""
    x, y = np.array([-1.3, 1.3, -1.3, 1.3]), np.array([0.5, -0.5, -0.5, 0.5])
    for name, judge in (("remainder", torch.remainder), ("fmod", torch.fmod)):
        a, b = (torch.from_numpy(each.copy()).requires_grad_() for each in (x, y))
        judge(a, b).sum().backward()
        op = REGISTRY[name]
        out, g = op(x, y), np.ones(4)
        for vjp, theirs in zip(op.vjps, (a, b), strict=True):
            assert vjp is not None and theirs.grad is not None
            np.testing.assert_array_equal(vjp(g, out, x, y), theirs.grad.numpy())
