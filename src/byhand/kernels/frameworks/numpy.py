"""NumPy's arrays."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np

from byhand.kernels.kernel import Framework, Layout
from byhand.values.arrays import Array, is_array
from byhand.values.precision import float_type


def _numpy(array: Array) -> Array:
    return np.array(array, np.float64 if array.dtype.kind == "f" else array.dtype)


def _like(values: Array, array: Array) -> Array:
    return np.array(values, array.dtype)


def _cast(array: Array, kind: str) -> Array:
    return np.array(array, kind if array.dtype.kind == "f" else array.dtype, order="K")


# Layouts: the same numbers in new memory, lying otherwise.


def _transposed(array: Array) -> Array | None:
    if array.ndim < 2 or min(array.shape[-2:]) < 2:
        return None
    return np.swapaxes(np.array(np.swapaxes(array, -1, -2), order="C"), -1, -2)


def _strided(array: Array) -> Array | None:
    if array.ndim == 0:
        return None
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def _sliced(array: Array) -> Array | None:
    if array.ndim < 2:
        return None
    wide = np.zeros((*array.shape[:-1], array.shape[-1] + 3), array.dtype)
    wide[..., :-3] = array
    return wide[..., :-3]


def _expanded(array: Array) -> Array | None:
    if array.ndim == 0 or array.shape[0] < 2:
        return None
    memory = np.full(array.shape, np.nan if array.dtype.kind == "f" else 0, array.dtype)
    memory[0] = array[0]
    strides = (0, *memory.strides[1:])
    return np.lib.stride_tricks.as_strided(memory, array.shape, strides)


LAYOUTS = (
    Layout("transposed", _transposed),
    Layout("strided", _strided),
    Layout("sliced", _sliced),
    Layout("expanded", _expanded),
)


@contextmanager
def _poisoned() -> Generator[None]:
    """Within it, `np.empty` and `np.empty_like` give memory that is full of NaN."""
    empty, empty_like = np.empty, np.empty_like

    def poisoned(new: Callable[..., Array]) -> Callable[..., Array]:
        def made(*args: Any, **options: Any) -> Array:
            array = new(*args, **options)
            match array.dtype.kind:
                case "f" | "c":
                    array.fill(np.nan)
                case "i" | "u":
                    array.fill(np.iinfo(array.dtype).max)
                case _:
                    pass
            return array

        return made

    np.empty, np.empty_like = poisoned(empty), poisoned(empty_like)
    try:
        yield
    finally:
        np.empty, np.empty_like = empty, empty_like


NUMPY = Framework(
    name="NumPy",
    is_array=is_array,
    float_type=float_type,
    numpy=_numpy,
    like=_like,
    cast=_cast,
    exact=lambda array: _cast(array, "float64"),
    layouts=LAYOUTS,
    poisoned=_poisoned,
)
