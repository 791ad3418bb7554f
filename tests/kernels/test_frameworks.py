"""What a framework says of its arrays: a layout holds the same numbers, a cast shares no memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from byhand.kernels.frameworks.numpy import NUMPY
from byhand.kernels.frameworks.pytorch import TORCH
from byhand.kernels.kernel import Framework

FRAMEWORKS = (NUMPY, TORCH)


def array(framework: Framework, shape: tuple[int, ...], kind: str, seed: int) -> Any:
    values = np.random.default_rng(seed).normal(size=shape)
    if kind == "int64":
        values = np.round(values * 9).astype(np.int64)
    elif framework is NUMPY:
        values = values.astype(kind)
    if framework is NUMPY:
        return values
    made = torch.from_numpy(np.ascontiguousarray(values)).reshape(shape)
    return made if kind == "int64" else made.to(getattr(torch, kind))


@settings(max_examples=40, deadline=None)
@given(
    framework=st.sampled_from(FRAMEWORKS),
    shape=st.lists(st.integers(0, 4), max_size=4).map(tuple),
    kind=st.sampled_from(["float64", "float32", "float16", "int64"]),
    seed=st.integers(0, 9),
)
def test_a_layout_holds_the_same_numbers(
    framework: Framework, shape: tuple[int, ...], kind: str, seed: int
) -> None:
    usual = array(framework, shape, kind, seed)
    numbers = framework.numpy(usual)
    for layout in framework.layouts:
        laid = layout.of(usual)
        if laid is None:
            continue
        expected = np.broadcast_to(numbers[:1], shape) if layout.name == "expanded" else numbers
        np.testing.assert_array_equal(framework.numpy(laid), expected)
        assert laid.dtype == usual.dtype
        if laid.ndim and layout.name != "expanded":
            laid[...] = 7  # it is memory of its own
            np.testing.assert_array_equal(framework.numpy(usual), numbers)


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda each: each.name)
def test_every_layout_is_another_one(framework: Framework) -> None:
    usual = array(framework, (2, 3, 4, 5), "float32", 0)
    plain = usual.strides if framework is NUMPY else usual.stride()
    for layout in framework.layouts:
        laid = layout.of(usual)
        assert laid is not None
        strides = laid.strides if framework is NUMPY else laid.stride()
        offset = 0 if framework is NUMPY else laid.storage_offset()
        assert strides != plain or offset, layout.name


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda each: each.name)
def test_new_memory_is_poisoned_within_and_only_there(framework: Framework) -> None:
    library: Any = np if framework is NUMPY else torch
    before = library.empty, library.empty_like
    assert framework.poisoned is not None
    with framework.poisoned():
        floats, ints = library.empty(3), library.empty(3, dtype=library.int32)
        like = library.empty_like(library.ones(2))
    assert np.isnan(framework.numpy(floats)).all()
    assert np.isnan(framework.numpy(like)).all()
    assert (framework.numpy(ints) == 2**31 - 1).all()
    assert (library.empty, library.empty_like) == before


def test_casting_to_bfloat16_rounds_and_copies() -> None:
    x = torch.tensor([1.0, 1.001, 3.14159], dtype=torch.float64)
    there = TORCH.cast(x, "bfloat16")
    assert (TORCH.float_type(there), TORCH.numpy(there).dtype) == ("bfloat16", np.float64)
    np.testing.assert_array_equal(TORCH.numpy(there), [1.0, 1.0, 3.140625])
    again = TORCH.cast(x, "float64")
    again[0] = 9
    assert x[0] == 1
    assert TORCH.cast(torch.tensor([1, 2]), "bfloat16").dtype == torch.int64
