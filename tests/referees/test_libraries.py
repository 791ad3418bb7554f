"""PyTorch and JAX as referees: exact gradients, honest errors, nothing left behind."""

# ruff: noqa: RET504 (every assignment to a name is a step)

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
import torch
from referee_forwards import CASES, Case, case, from_numpy, normal

from byhand import referees
from byhand.engine import Tensor
from byhand.errors import RefereeError
from byhand.ops.op import Op
from byhand.program.problem import problem_of

LONG = np.longdouble
EPS = np.finfo(float).eps
LIBRARIES = ["torch", "jax"]


def two_layers(x, W, V):
    h = np.tanh(x @ W)
    logits = h @ V
    loss = np.log(np.exp(logits).sum(1)).sum()
    return loss


def torch_two_layers(x, W, V):
    h = (x @ W).tanh()
    logits = h @ V
    loss = logits.logsumexp(1).sum()
    return loss


def two_layers_by_hand(x, W, V):
    x, W, V = (v.astype(LONG) for v in (x, W, V))
    h = np.tanh(x @ W)
    e = np.exp(h @ V)
    dlogits = e / e.sum(1, keepdims=True)
    dh = dlogits @ V.T
    da = dh * (1 - h**2)
    return {"x": da @ W.T, "W": x.T @ da, "V": h.T @ dlogits, "h": dh, "logits": dlogits}


def check(referee: str, made: Case, truths: dict[str, Any]) -> None:
    found = referees.find(referee)(*made.asked)
    for name, truth in truths.items():
        gradient = found[name, 0]
        assert gradient.value.dtype == np.float64
        assert gradient.value.shape == gradient.error.shape == truth.shape
        assert (np.abs(gradient.value - truth) <= gradient.error).all()
        assert np.max(gradient.error) <= 100 * EPS * float(np.max(np.abs(truth)))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("referee", LIBRARIES)
def test_errors_are_honest(referee: str, seed: int) -> None:
    inputs = {"x": normal(9, 5, seed=seed), "W": normal(5, 7, seed=seed), "V": normal(7, 4)}
    check(referee, case(two_layers, **inputs), two_layers_by_hand(**inputs))


@pytest.mark.parametrize("seed", range(5))
def test_errors_are_honest_in_pytorch(seed: int) -> None:
    inputs = {"x": from_numpy(9, 5, seed=seed), "W": from_numpy(5, 7), "V": from_numpy(7, 4)}
    truths = two_layers_by_hand(**{name: value.numpy() for name, value in inputs.items()})
    check("torch", case(torch_two_layers, **inputs), truths)


@pytest.mark.parametrize("referee", LIBRARIES)
def test_what_is_not_used_has_gradient_zero(referee: str) -> None:
    def unused(x, y):
        left = x * y  # noqa: F841
        loss = (x * 2).sum()
        return loss

    found = referees.find(referee)(*case(unused, x=normal(2, 3), y=normal(3)).asked)
    for key in (("y", 0), ("left", 0)):
        np.testing.assert_array_equal(found[key].value, np.zeros(found[key].value.shape))
    np.testing.assert_array_equal(found["x", 0].value, np.full((2, 3), 2.0))


def torch_signs(x):
    signs = torch.sgn(x)
    out = signs * 2
    return out


def test_a_zero_that_pytorch_gives_without_memory() -> None:
    made = case(torch_signs, x=from_numpy(3, 4))
    found = referees.find("torch")(*made.asked)
    assert not found["x", 0].value.any()
    np.testing.assert_array_equal(found["signs", 0].value, 2 * np.asarray(made.asked[3][0]))


@pytest.mark.parametrize("referee", LIBRARIES)
def test_repeated_indices_add_up(referee: str) -> None:
    def looked_up(C, ix):
        emb = C[ix]
        out = emb * 1
        return out

    made = case(looked_up, C=normal(4, 2), ix=np.array([1, 1, 3]))
    expected = np.zeros((4, 2))
    np.add.at(expected, made.inputs["ix"], made.upstream[0])
    np.testing.assert_allclose(referees.find(referee)(*made.asked)["C", 0].value, expected)


@pytest.mark.parametrize("referee", LIBRARIES)
def test_items_that_are_replaced_pass_nothing_on(referee: str) -> None:
    def replaced(s, v):
        s[[0, 0]] = v  # the second stays
        s[s < -100] = 7.0
        return s

    made = case(replaced, s=np.array([1.0, 2.0, -200.0]), v=normal(2))
    found, dout = referees.find(referee)(*made.asked), made.upstream[0]
    np.testing.assert_allclose(found["s", 0].value, [0, dout[1], 0])
    np.testing.assert_allclose(found["v", 0].value, [0, dout[0]])
    np.testing.assert_allclose(found["s", 1].value, [dout[0], dout[1], 0])
    np.testing.assert_allclose(found["s", 2].value, dout)


@pytest.mark.parametrize("referee", LIBRARIES)
@pytest.mark.parametrize("name", ["cross_entropy", "in_place", "recurrent", "reduced"])
def test_neither_the_engine_nor_an_op_takes_part(
    name: str, referee: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise AssertionError("a referee used the engine")

    monkeypatch.setattr(Tensor, "__init__", broken)
    monkeypatch.setattr(Op, "__call__", broken)
    monkeypatch.setattr(Op, "vjp", broken)
    referees.find(referee)(*CASES[name].asked)


@pytest.mark.parametrize("referee", LIBRARIES)
def test_a_function_without_a_counterpart(referee: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(x):
        y = np.nanmedian(x)
        loss = y * 2
        return loss

    monkeypatch.delattr(jax.numpy, "nanmedian")  # PyTorch has none
    inputs = {"x": normal(3)}
    problem = problem_of(odd, None, inputs)
    with pytest.raises(RefereeError) as error:
        referees.find(referee)(problem, inputs, [("x", 0)], [np.ones(())])
    message = str(error.value)
    assert f"the {referee} referee has no counterpart for np.nanmedian" in message
    assert "use --referee finite" in message
    assert "(in `y = np.nanmedian(x)`)" in message
    assert "\n" not in message
    (gradient,) = referees.find("finite")(problem, inputs, [("x", 0)], [np.ones(())]).values()
    np.testing.assert_allclose(gradient.value, 2.0 * (inputs["x"] == np.median(inputs["x"])))


def test_a_forward_that_pytorch_cannot_differentiate() -> None:
    def overwritten(x):
        h = torch.sigmoid(x)
        out = h * h
        h.mul_(2)
        return out

    inputs = {"x": from_numpy(3)}
    problem = problem_of(overwritten, None, inputs)
    with pytest.raises(
        RefereeError, match=r"PyTorch can't differentiate.*--referee finite"
    ) as error:
        referees.find("torch")(problem, inputs, [("x", 0)], [np.ones(3)])
    assert "\n" not in str(error.value)


def test_a_forward_that_jax_cannot_differentiate(monkeypatch: pytest.MonkeyPatch) -> None:
    def looping(x):
        h = np.tanh(x)
        out = h * 3
        return out

    def loop(x: Any) -> Any:  # JAX runs this forward, but not backward
        return jax.lax.while_loop(lambda held: held.sum() > 100, lambda held: held / 2, x)

    monkeypatch.setattr(jax.numpy, "tanh", loop)
    inputs = {"x": normal(3)}
    problem = problem_of(looping, None, inputs)
    with pytest.raises(RefereeError, match=r"JAX can't differentiate.*--referee finite") as error:
        referees.find("jax")(problem, inputs, [("x", 0)], [np.ones(3)])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("referee", ["finite", *LIBRARIES])
def test_a_forward_that_raises(referee: str) -> None:
    def wrong(x, W):
        h = x @ W
        return h

    inputs = {"x": normal(2, 3), "W": normal(2, 3)}
    problem = problem_of(wrong, None, inputs)
    with pytest.raises(RefereeError, match=r"h = x @ W") as error:
        referees.find(referee)(problem, inputs, [("x", 0)], [np.ones((2, 3))])
    assert "\n" not in str(error.value)
