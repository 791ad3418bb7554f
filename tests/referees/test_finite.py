"""Finite differences against exact gradients: accurate, honest about their error, cheap."""

# ruff: noqa: RET504 (every assignment to a name is a step)

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from referee_forwards import CASES, Case, case, normal

from byhand.engine import Tensor
from byhand.errors import RefereeError
from byhand.ops.op import Op
from byhand.program.follow import Follower
from byhand.program.problem import load, problem_of
from byhand.referees import perturbed
from byhand.referees.finite import SAMPLE, finite
from byhand.referees.referee import Gradient
from byhand.referees.rehearsal import rehearse
from sweeps import a_few

LONG = np.longdouble  # 64 bits of mantissa on most machines, 53 on some: then the floor matters
EPS = np.finfo(float).eps


def cross_entropy(logits, y):
    shifted = logits - logits.max(1, keepdims=True)
    logprobs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    loss = -logprobs[np.arange(len(y)), y].mean()
    return loss


def softmax_minus_labels(logits, y):
    e = np.exp(logits.astype(LONG) - logits.max(1, keepdims=True))
    probs = e / e.sum(1, keepdims=True)
    probs[np.arange(len(y)), y] -= 1
    return probs / len(y)


def polynomial(x):
    loss = (x**5 - 3 * x**2 + x).sum()
    return loss


def products(x, W):
    out = np.tanh(x) @ W
    return out


def standardised(x):
    loss = (((x - x.mean()) / np.sqrt(x.var() + 1e-5)) ** 3).sum()
    return loss


def standardised_gradient(x):
    x = x.astype(LONG)
    n, centred, inv = x.size, x - x.mean(), 1 / np.sqrt(x.var() + LONG(1e-5))
    z = centred * inv
    dz = 3 * z**2
    return inv * (dz - dz.mean() - centred * inv * (dz * z).sum() / n)


def logs(p):
    loss = np.log(p).sum()
    return loss


def worst(gradient: Gradient, truth: Any) -> float:
    """The largest error, in units of the error bound."""
    truth = np.asarray(truth)
    seen = truth.ravel()[gradient.places] if gradient.places is not None else truth
    floor = 4 * EPS * float(np.max(np.abs(truth)))  # of the truth itself
    off = float(np.max(np.abs(gradient.value - seen) / (gradient.error + floor)))
    if gradient.direction is not None:
        way, slope, error = gradient.direction
        many = floor * float(np.sum(np.abs(way)))
        off = max(off, abs(float((way * truth).sum()) - slope) / (error + many))
    return off


def check(asked: Case, truths: dict[str, Any], width: float) -> None:
    """Each truth lies within the error, and the error is no wider than `width` of the largest."""
    found = finite(*asked.asked)
    for name, truth in truths.items():
        gradient = found[name, 0]
        assert worst(gradient, truth) <= 1
        assert np.max(gradient.error) <= width * float(np.max(np.abs(truth)))
        assert gradient.direction is not None
        assert gradient.direction[2] <= width * float(np.linalg.norm(np.asarray(truth, float)))


@pytest.mark.parametrize("seed", a_few(range(4)))
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_cross_entropy(seed: int, scale: float) -> None:
    logits, y = normal(6, 5, seed=seed) * scale, np.arange(6) % 5
    check(
        case(cross_entropy, logits=logits, y=y),
        {"logits": softmax_minus_labels(logits, y), "loss": np.array(1.0)},
        1e-9,
    )


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 100.0, 1e6])
def test_a_polynomial_at_every_scale(scale: float) -> None:
    x = normal(4, 3) * scale
    exact = x.astype(LONG)
    check(case(polynomial, x=x), {"x": 5 * exact**4 - 6 * exact + 1}, 1e-8)


@pytest.mark.parametrize("seed", a_few(range(4)))
def test_a_matrix_product(seed: int) -> None:
    made = case(products, x=normal(7, 3, seed=seed), W=normal(3, 5, seed=seed))
    x, W, dout = (v.astype(LONG) for v in (made.inputs["x"], made.inputs["W"], made.upstream[0]))
    truths = {"x": dout @ W.T * (1 - np.tanh(x) ** 2), "W": np.tanh(x).T @ dout, "out": dout}
    check(made, truths, 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_standardised_values(seed: int) -> None:
    x = normal(8, seed=seed)
    check(case(standardised, x=x), {"x": standardised_gradient(x)}, 1e-8)


def test_close_to_the_edge_of_the_domain() -> None:
    p = np.array([1e-5, 0.3, 1e-2, 40.0, 1e-7])
    gradient = finite(*case(logs, p=p).asked)["p", 0]
    assert worst(gradient, 1 / p.astype(LONG)) <= 1
    assert (gradient.error <= 1e-8 / p).all()


# Where the truth is zero, or not there.


def test_a_gradient_that_is_zero_but_for_rounding() -> None:
    def shifted(x, m):
        logits = x - m
        loss = (np.log(np.exp(logits).sum(1)) - logits[:, 0]).sum()
        return loss

    gradient = finite(*case(shifted, x=normal(5, 4), m=normal(5, 1)).asked)["m", 0]
    assert (np.abs(gradient.value) <= gradient.error).all()
    assert (gradient.error < 1e-11).all()


def test_an_input_that_is_not_used() -> None:
    def unused(x, y):
        loss = (x * 2).sum()
        return loss

    gradient = finite(*case(unused, x=normal(3), y=normal(2)).asked)["y", 0]
    np.testing.assert_array_equal(gradient.value, [0.0, 0.0])


def test_a_kink_right_there_is_in_the_error() -> None:
    def relu(x):
        loss = (np.maximum(x, 0) * np.array([1.0, -4.0, 3.0])).sum()
        return loss

    gradient = finite(*case(relu, x=np.array([0.0, 0.0, 1.0])).asked)["x", 0]
    np.testing.assert_allclose(gradient.value, [0.5, -2, 3], atol=1e-9)
    np.testing.assert_allclose(gradient.error, [0.5, 2, 0], atol=1e-9)
    assert gradient.direction is None  # any slope is right for each element: no line shows that


def test_ties_in_a_maximum() -> None:
    def largest(x):
        loss = x.max()
        return loss

    gradient = finite(*case(largest, x=np.array([2.0, 1.0, 2.0, 2.0])).asked)["x", 0]
    for right in ([1, 0, 0, 0], [0, 0, 0.5, 0.5], [1 / 3, 0, 1 / 3, 1 / 3]):
        assert (np.abs(gradient.value - right) <= gradient.error).all()
    assert gradient.error[1] < 1e-9


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-5])
def test_a_kink_close_by_does_no_harm(distance: float) -> None:
    def bent(x):
        loss = np.maximum(x, 0).sum() + (x**2).sum()
        return loss

    x = np.array([distance, -distance, 1.0])
    gradient = finite(*case(bent, x=x).asked)["x", 0]
    assert worst(gradient, (x > 0) + 2 * x) <= 1
    assert np.max(gradient.error) <= 1e-13 / distance + 1e-10


@pytest.mark.parametrize("seed", a_few(range(6)))
def test_many_kinks_all_around(seed: int) -> None:
    def relus(x, W, V):
        h = np.maximum(x @ W, 0)
        loss = np.abs(h @ V).sum()
        return loss

    x, W, V = normal(20, 6, seed=seed), normal(6, 30, seed=seed), normal(30, 4, seed=seed)
    found = finite(*case(relus, x=x, W=W, V=V).asked)
    h = np.maximum(x @ W, 0)
    dh = np.sign(h @ V) @ V.T
    for name, truth in {"x": (dh * (h > 0)) @ W.T, "W": x.T @ (dh * (h > 0)), "h": dh}.items():
        assert worst(found[name, 0], truth) <= 1
        assert np.median(found[name, 0].error) <= 1e-9 * np.max(np.abs(truth))


def test_a_forward_in_single_precision_gets_a_wide_error() -> None:
    def single(x):
        h = np.asarray(np.sin(x.astype(np.float32)), dtype=np.float32)
        loss = h.sum().astype(np.float64)
        return loss

    x = np.random.default_rng(0).normal(size=6)
    problem = problem_of(single, None, {"x": x})
    gradient = finite(problem, {"x": x}, [("x", 0)], [np.ones(())])["x", 0]
    exact = np.cos(x.astype(LONG))
    assert np.max(np.abs(gradient.value - exact)) > 1e-9
    assert worst(gradient, exact) <= 1
    assert np.max(gradient.error) < 1e-2


def test_infinite_values_on_the_way() -> None:
    gradient = finite(*CASES["masked"].asked)
    last = gradient["scores", 2]  # masked with -inf
    upper = np.triu(np.ones((4, 4), dtype=bool), 1)
    assert (last.value[upper] == 0).all()
    assert np.max(last.error) < 1e-9


def test_infinite_outputs_that_stay_as_they_are() -> None:
    def hidden(x):
        out = x * 2
        out[1] = -np.inf
        return out

    x = normal(3)
    problem = problem_of(hidden, None, {"x": x})
    found = finite(problem, {"x": x}, [("x", 0), ("out", 1)], [np.ones(3)])
    np.testing.assert_allclose(found["x", 0].value, [2, 0, 2], atol=1e-9)
    np.testing.assert_allclose(found["out", 1].value, [1, 0, 1], atol=1e-9)


def test_an_infinite_loss_is_refused() -> None:
    def overflowing(x):
        loss = np.exp(1000 * x).sum()
        return loss

    x = np.ones(2)
    problem = problem_of(overflowing, None, {"x": x})
    with pytest.raises(RefereeError, match="returns inf: finite differences need a finite loss"):
        finite(problem, {"x": x}, [("x", 0)], [np.ones(())])


# Sampling.


def big(x):
    loss = (x**3).sum()
    return loss


def test_large_steps_are_sampled() -> None:
    x = normal(20, 10)
    gradient = finite(*case(big, x=x).asked)["x", 0]
    assert gradient.places is not None
    assert gradient.value.shape == gradient.error.shape == gradient.places.shape == (SAMPLE,)
    assert len(set(gradient.places.tolist())) == SAMPLE
    assert worst(gradient, 3 * x.astype(LONG) ** 2) <= 1


def test_the_direction_sees_what_the_sample_misses() -> None:
    x = normal(20, 10)
    gradient = finite(*case(big, x=x).asked)["x", 0]
    assert gradient.places is not None
    wrong = 3 * x**2
    unseen = np.setdiff1d(np.arange(x.size), gradient.places)
    wrong.flat[unseen[5]] *= 1 + 1e-6
    assert (np.abs(wrong.flat[gradient.places] - gradient.value) <= gradient.error).all()
    assert worst(gradient, wrong) > 1


def test_the_same_every_time() -> None:
    asked = case(big, x=normal(20, 10)).asked
    one, two = finite(*asked)["x", 0], finite(*asked)["x", 0]
    np.testing.assert_array_equal(one.places, two.places)
    np.testing.assert_array_equal(one.value, two.value)


# Cost and independence.


@pytest.mark.long
def test_the_cost_on_the_lectures_model(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = load("mlp")
    inputs = problem.inputs()
    keys = list(rehearse(problem, inputs).values)
    runs, statements = 0, 0
    run, execute = perturbed.run, Follower.execute

    def counting_run(*args: Any) -> Any:
        nonlocal runs
        runs += 1
        return run(*args)

    def counting_execute(*args: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*args)

    monkeypatch.setattr(perturbed, "run", counting_run)
    monkeypatch.setattr(Follower, "execute", counting_execute)
    finite(problem, inputs, keys, [np.ones(())])
    assert len(keys) == 27
    assert runs < 14_000
    assert statements < 16 * runs  # of 21: what comes before the step isn't run again


@pytest.mark.parametrize("name", ["recurrent", "in_place", "scalars_and_constants", "torch_masked"])
def test_neither_the_engine_nor_an_op_takes_part(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise AssertionError("a referee used the engine")

    monkeypatch.setattr(Tensor, "__init__", broken)
    monkeypatch.setattr(Op, "__call__", broken)
    monkeypatch.setattr(Op, "vjp", broken)
    finite(*CASES[name].asked)


def test_what_is_detached_is_refused() -> None:
    with pytest.raises(RefereeError, match=r"detach cuts a gradient off.*use --referee torch"):
        finite(*CASES["torch_detached"].asked)


# Taking forward up in the middle.


def test_state_that_cannot_be_copied_starts_again() -> None:
    def with_an_iterator(x):
        factors = iter([2.0, 3.0, 5.0])
        h = x * next(factors)
        h = h * next(factors)
        out = h * next(factors)
        return out

    x = normal(2)
    problem = problem_of(with_an_iterator, None, {"x": x})
    keys = [("x", 0), ("h", 0), ("h", 1), ("out", 0)]
    found = finite(problem, {"x": x}, keys, [np.ones(2)])
    for key, factor in zip(keys, (30, 15, 5, 1), strict=True):
        np.testing.assert_allclose(found[key].value, [factor] * 2, rtol=1e-10)


def test_every_run_has_its_own_lists_and_index_arrays() -> None:
    def changing(x):
        count = np.zeros(2, dtype=int)
        same = count
        hs = []
        count[0] += 1
        h = x * 2
        hs.append(h)
        count[0] += 1
        hs.append(hs[0] * count[0] * same[0])
        out = sum(hs) * len(hs)
        return out

    x = normal(2)
    problem = problem_of(changing, None, {"x": x})
    keys = [("x", 0), ("h", 0), ("hs[0]", 0), ("hs[1]", 0)]
    found = finite(problem, {"x": x}, keys, [np.ones(2)])
    for key, slope in zip(keys, (20, 10, 10, 2), strict=True):
        np.testing.assert_allclose(found[key].value, [slope] * 2, rtol=1e-10)
