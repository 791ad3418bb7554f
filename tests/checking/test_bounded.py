"""The bound on rounding: what rounding really does stays within it, and it is no wider than needed.

Every program is run in float32 and in float64; the difference is what rounding did in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byhand.checking.judging.compare import FACTOR
from byhand.engine import Tensor, gradients
from byhand.engine.bounded import Bounded, bounds
from byhand.ops import REGISTRY
from byhand.program.problem import load
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.referees.engine import sweep
from random_forwards import RandomForward, random_forwards

EPS = float(np.finfo(np.float32).eps)


def within(rounded: Any, exact: Bounded, where: str) -> float:
    """How much of the bound rounding took up; fails where it is more than all of it."""
    difference = np.abs(np.asarray(rounded, dtype=np.float64) - exact.value)
    allowed = FACTOR * EPS * exact.error + np.finfo(np.float32).tiny
    assert exact.error.shape == exact.value.shape
    assert np.all(difference <= allowed), f"{where}: {np.max(difference / allowed)} of the bound"
    return float(np.max(difference / allowed, initial=0.0))


def assert_within(
    program: Callable[[Mapping[str, Any]], Program], inputs: Mapping[str, Any]
) -> None:
    """Every step and every gradient of a program stays within its bound in float32."""
    single = {name: np.asarray(value, np.float32) for name, value in inputs.items()}
    in_single, in_double = (
        program(single),
        program({name: value.astype(np.float64) for name, value in single.items()}),
    )
    known = bounds([step.tensor for step in in_double])
    swept = sweep(in_double, [np.ones(step.shape) for step in in_double.outputs])
    found = gradients((step.tensor, np.ones_like(step.value)) for step in in_single.outputs)
    for a, b in zip(in_single, in_double, strict=True):
        assert a.value.dtype == np.float32
        within(a.value, known[b.tensor], f"value of {b}")
        within(found.get(a.tensor, 0.0), swept[b.tensor], f"gradient of {b}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forwards")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(drawn=random_forwards())
def test_random_programs_stay_within_their_bound(folder: Path, drawn: RandomForward) -> None:
    file = folder / "forward.py"
    file.write_text(drawn.source + "\ndef inputs(rng): return {}\n")
    problem = load(file)
    assert_within(lambda given: trace_problem(problem, given), drawn.inputs)


# Sums that cancel, products with large factors, and quotients of nearly equal numbers.
CANCELLING = {
    "a mean taken off, then summed": "c = x - x.mean(0)\n    out = (c * 7).sum(0)",
    "batch norm": (
        "m = x.sum(0, keepdims=True) / 32\n    d = x - m\n"
        "    v = (d * d).sum(0, keepdims=True) / 31\n    out = d * (v + 1e-5) ** -0.5"
    ),
    "softmax": (
        "e = np.exp(x - x.max(1, keepdims=True))\n    p = e / e.sum(1, keepdims=True)\n"
        "    out = -np.log(p[:, :1]).sum()"
    ),
    "a long sum of both signs": "out = (x * 1000.0).sum() - (x * 1000.0)[::-1].sum()",
    "products that cancel": "out = x @ x.T @ x - x @ (x.T @ x)",
    "one minus nearly one": "t = np.tanh(x + 3.0)\n    out = 1.0 - t * t",
    "a cumulative sum": "out = np.cumsum(x, axis=0) - np.cumsum(x[::-1], axis=0)[::-1]",
    "the log of nearly one": "out = np.log(1.0 + x * 1e-4)",
    "a running product": "out = np.prod(1.0 + x * 0.1, axis=0)",
    "a variance": "out = x.var(0) * x.std(1).sum()",
    "a matrix inverse": "out = np.linalg.inv(x.T @ x + 3.0 * np.eye(x.shape[1], dtype=x.dtype))",
    "log-sum-exp": "out = np.logaddexp(x, -x).sum(0) + np.logaddexp.reduce(x * 3.0, axis=0)",
}


@pytest.mark.parametrize("what", CANCELLING)
def test_sums_that_cancel_stay_within_their_bound(folder: Path, what: str) -> None:
    file = folder / "cancelling.py"
    file.write_text(
        "import numpy as np\ndef inputs(rng): pass\n"
        f"def forward(x):\n    {CANCELLING[what]}\n    return out\n"
    )
    problem = load(file)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        shift = 100.0 if "mean" in what else 0.0
        x = rng.normal(size=(32, 9)) * 10.0 ** rng.integers(-2, 1) + shift
        assert_within(lambda given: trace_problem(problem, given), {"x": x})


OPS = [pytest.param(op, id=name) for name, op in REGISTRY.items() if op.differentiable]


@pytest.mark.parametrize("op", OPS)
def test_every_op_stays_within_its_bound(op: Any) -> None:
    rng = np.random.default_rng(0)
    for case in op.samples:
        arrays = [np.asarray(op.domain(i).draw(rng, s)) for i, s in enumerate(case.shapes)]
        single = [x if x.dtype == bool else x.astype(np.float32) for x in arrays]
        double = [x if x.dtype == bool else x.astype(np.float64) for x in single]
        out = op.forward(*single, **case.params)
        args = tuple(x if x.dtype == bool else Tensor(x) for x in double)
        tensor = Tensor(op.forward(*double, **case.params), op, args, case.params)
        within(out, bounds([tensor])[tensor], f"{op.name}: {case}")


ROUNDED_MORE_THAN_ONCE = {
    "a sum": lambda x: x.sum(0),
    "a product": lambda x: x @ x.T,
    "a quotient": lambda x: x / (1 + x * x),
}


@pytest.mark.parametrize("what", ROUNDED_MORE_THAN_ONCE)
def test_the_bound_is_not_much_wider_than_what_happens(what: str) -> None:
    """Rounding takes up a part of the bound that can be seen; a bound without end is no bound."""
    compute, taken = ROUNDED_MORE_THAN_ONCE[what], 0.0
    for seed in range(20):
        x = np.random.default_rng(seed).normal(size=(32, 32)).astype(np.float32)
        out = compute(Tensor(x.astype(np.float64)))
        taken = max(taken, within(compute(x), bounds([out])[out], what))
    assert taken > 0.02


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(1, 300), st.integers(0, 2**16), st.sampled_from([0.0, 3.0, 1e3]))
def test_any_order_of_a_sum_stays_within_the_bound(n: int, seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=n) * 10.0 ** rng.integers(-3, 3, n) + shift).astype(np.float32)
    total = Tensor(x.astype(np.float64)).sum()
    bound = bounds([total])[total]
    one_by_one = np.float32(0)
    for each in x:
        one_by_one += each
    for value in (
        one_by_one,
        x[::-1].sum(),
        x[::2].sum() + x[1::2].sum(),
        rng.permutation(x).sum(),
    ):
        within(value, bound, f"{n} terms")


@pytest.mark.parametrize("n", [32, 1000, 20_000])
def test_equal_terms_one_by_one_stay_within_the_bound(n: int) -> None:
    """Their roundings don't cancel: each goes the same way."""
    for each in (0.1, 1 / 3, -1 / 7, 0.7, 1 / n):
        x = np.full((n, 1), each, dtype=np.float32)
        total = Tensor(x.astype(np.float64)).sum(0)
        within(np.cumsum(x)[-1:], bounds([total])[total], f"{n} times {each}")


def test_structural_zeros_have_a_bound_that_noise_stays_within() -> None:
    """The gradient of a bias before a batch norm is zero; what is computed is rounding noise."""
    x = np.random.default_rng(0).normal(size=(32, 4))
    b = Tensor(np.full(4, 0.3))
    d = (x + b) - (x + b).mean(0)
    loss = (np.tanh(d / np.sqrt((d * d).mean(0))) ** 3).sum()
    known = bounds([loss])
    noise = gradients([(loss, Bounded(np.ones(()), np.zeros(())))], known.__getitem__)[b]
    size = np.abs(noise.value)
    assert np.all(size > 0), "noise, not exactly zero"
    assert np.all(size < 1e-13)
    assert np.all(size <= FACTOR * np.finfo(np.float64).eps * noise.error)
    assert np.all(FACTOR * np.finfo(np.float64).eps * noise.error < 1e-10)


def test_infinity_doesnt_spread() -> None:
    """A mask of -inf has no rounding, and what doesn't come from it keeps a finite bound."""
    x = Tensor(np.array([[1.0, 2.0], [0.5, -1.0]]))
    masked = np.where(np.array([[True, False], [True, True]]), x, -np.inf)
    weights = np.exp(masked - masked.max(1, keepdims=True))
    loss = (weights / weights.sum(1, keepdims=True)).max()
    known = bounds([loss])
    for bound in known.values():
        assert np.isfinite(bound.error).all()
    found = gradients([(loss, Bounded(np.ones(()), np.zeros(())))], known.__getitem__)
    assert np.isfinite(found[x].error).all()
