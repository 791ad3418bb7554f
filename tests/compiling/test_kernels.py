"""What generated code calls: products, transpositions and functions of single numbers."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from byhand.compiling import scalars
from byhand.compiling.products import product
from byhand.compiling.transposes import transpose


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sizes", [(1, 1, 1), (5, 27, 3), (32, 40, 7), (17, 16, 9)])
def test_products(sizes: tuple[int, int, int], dtype: type) -> None:
    m, n, k = sizes
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(k, m)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)
    kernel = product(sizes, (1, m), n, n + 2)

    @numba.njit
    def run(T, L, R):
        kernel(T, 1, L, 0, R, 0)

    made = np.zeros(1 + m * (n + 2), dtype)
    run(made, left.ravel(), right.ravel())
    found = made[1:].reshape(m, n + 2)
    truth = left.T.astype(np.float64) @ right
    np.testing.assert_allclose(found[:, :n], truth, atol=20 * np.finfo(dtype).eps)
    assert made[0] == 0 and not found[:, n:].any()  # nothing is written beside it


@pytest.mark.parametrize("sizes", [(1, 1), (16, 16), (5, 27), (35, 18)])
def test_transpositions(sizes: tuple[int, int]) -> None:
    rows, columns = sizes
    source = np.random.default_rng(0).normal(size=(rows, columns + 1)).astype(np.float32)
    kernel = transpose(sizes, columns + 1, rows + 2)

    @numba.njit
    def run(T, S):
        kernel(T, 0, S, 0)

    made = np.zeros((columns, rows + 2), np.float32)
    run(made.reshape(-1), source.reshape(-1))
    np.testing.assert_array_equal(made[:, :rows], source[:, :columns].T)
    assert not made[:, rows:].any()


RANGES = {
    "exp": (np.linspace(-87, 88, 20001), 1.1),
    "log": (np.concatenate([np.logspace(-37, 38, 20001), np.linspace(0.3, 3, 20001)]), 1.1),
    "tanh": (np.concatenate([np.linspace(-10, 10, 20001), np.logspace(-9, 0, 2001)]), 2.5),
}


@pytest.mark.parametrize("name", RANGES)
def test_functions_are_right_to_the_last_places(name: str) -> None:
    function = getattr(scalars, f"{name}_f4")

    @numba.njit
    def run(x):
        return np.array([function(v) for v in x])

    points, bound = RANGES[name]
    x = points.astype(np.float32)
    truth = getattr(np, name)(x.astype(np.float64))
    ulps = np.abs(run(x) - truth) / np.spacing(np.abs(truth).astype(np.float32))
    assert ulps.max() < bound
    edges = np.array([np.nan, np.inf, -np.inf, 0, -0.0, 1e-40], np.float32)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(run(edges), getattr(np, name)(edges), rtol=1e-6)
