"""JAX's operations rounding at random: as much as asked for, everywhere, and nowhere else."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import byhand.jax
from byhand.jax.rounding import called, rounding
from byhand.jax_dialect.arrays import float64


def loss(x: Any, w: Any) -> Any:
    h = jax.nn.relu(x @ w)
    return jax.nn.log_softmax(h, -1)[:, 0].sum()


def gradients(x: Any, w: Any) -> Any:
    return jax.grad(loss, (0, 1))(x, w)


@pytest.fixture
def given() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    with float64():
        return jnp.asarray(rng.normal(size=(4, 5))), jnp.asarray(rng.normal(size=(5, 6)))


def test_outside_of_it_nothing_is_rounded(given: Any) -> None:
    with float64():
        for found, true in zip(called(gradients, *given), gradients(*given), strict=True):
            np.testing.assert_array_equal(found, true)


def test_no_amount_changes_nothing_but_the_last_digits(given: Any) -> None:
    with float64(), rounding(1, 0.0):
        found = called(gradients, *given)
    with float64():
        for one, true in zip(found, gradients(*given), strict=True):
            np.testing.assert_allclose(one, true, rtol=1e-13, atol=1e-14)


def test_the_scatter_grows_with_the_amount(given: Any) -> None:
    def scatter(amount: float) -> float:
        with float64():
            true = gradients(*given)
            with rounding(3, amount):
                found = called(gradients, *given)
            return max(float(jnp.abs(a - b).max()) for a, b in zip(found, true, strict=True))

    small, large = scatter(1e-9), scatter(1e-6)
    assert 1e-10 < small < 1e-7
    assert 300 < large / small < 3000


def test_what_cancels_shows_the_rounding_of_its_terms() -> None:
    def cancels(x: Any) -> Any:
        return (x * 3).sum() - 3 * x.sum()

    with float64(), rounding(0, 1e-6):
        found = called(cancels, jnp.ones(100) * 7)
    assert 1e-6 < abs(float(found)) < 1e-1


def test_a_custom_vjp_in_bfloat16_is_allowed_the_rounding_on_its_way() -> None:
    """Its own: what the reference subtracts first, the kernel multiplies first."""

    def reference(x: Any) -> Any:
        return (x - x.mean(-1, keepdims=True)) * 100

    def rules(factor: float) -> Any:
        kernel = jax.custom_vjp(reference)

        def bwd(_: Any, g: Any) -> Any:
            scaled = g * 100 * factor
            return (scaled - scaled.mean(-1, keepdims=True),)

        kernel.defvjp(lambda x: (reference(x), None), bwd)
        return kernel

    def args(rng: np.random.Generator) -> dict[str, Any]:
        return {"x": rng.normal(size=(4, 16))}

    for factor, right in ((1.0, True), (1.5, False)):
        report = byhand.jax.check(rules(factor), args, reference=reference, dtype="bfloat16")
        assert report.ok == right, str(report)
