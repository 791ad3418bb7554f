"""SciPy's convolutions of pictures in NumPy's words: the same numbers, and true gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.checking.check import check
from byhand.errors import UnsupportedError
from byhand.values import scipy_functions

signal = pytest.importorskip("scipy.signal")
SIZES = st.tuples(st.integers(1, 6), st.integers(1, 6))


@given(SIZES, SIZES, st.sampled_from(["full", "same", "valid"]), st.integers(0, 9))
def test_they_give_what_scipy_gives(
    size: tuple[int, int], window: tuple[int, int], mode: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=size), rng.normal(size=window)
    if mode == "valid" and any(a < b for a, b in zip(size, window, strict=True)):
        return
    for name in ("correlate2d", "convolve2d"):
        right = getattr(signal, name)(x, w, mode)
        np.testing.assert_allclose(getattr(scipy_functions, name)(x, w, mode), right, atol=1e-12)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("name", ["correlate2d", "convolve2d"])
@pytest.mark.parametrize("referee", ["engine", "finite"])
def test_a_forward_may_call_them(name: str, mode: str, referee: str) -> None:
    slide = getattr(signal, name)

    def forward(x, w, t):  # pyright: ignore
        y = slide(x, w, mode)
        return (y * t).sum()

    def backward(x, w, t):  # pyright: ignore
        dy = t
        dw = 0 * w
        for i in range(w.shape[0]):
            for j in range(w.shape[1]):
                unit = 0 * w
                unit[i, j] = 1
                dw[i, j] = (slide(x, unit, mode) * dy).sum()
        return {"w": dw}

    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(5, 6)), rng.normal(size=(3, 2))
    t = rng.normal(size=slide(x, w, mode).shape)
    report = check(forward, backward, {"x": x, "w": w, "t": t}, referee=referee)
    assert report["w"].right, str(report)


def test_what_they_do_not_know_is_said() -> None:
    with pytest.raises(UnsupportedError, match="zeros outside"):
        scipy_functions.correlate2d(np.ones((3, 3)), np.ones((2, 2)), boundary="wrap")
    with pytest.raises(UnsupportedError, match="slide the second array over the first"):
        scipy_functions.convolve2d(np.ones((2, 2)), np.ones((3, 3)), mode="valid")


def test_a_function_of_ones_own_of_that_name_stays() -> None:
    """One that was made in a namespace without a name belongs to no module."""
    made: dict[str, Any] = {}
    exec("def correlate2d(a, b): return a", made)
    assert made["correlate2d"].__module__ is None
    assert scipy_functions.with_scipy(made)["correlate2d"] is made["correlate2d"]
