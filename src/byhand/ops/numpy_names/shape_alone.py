"""What needs no more than the shape and the dtype gives a plain array or number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from byhand.ops.numpy_names.answers import answers
from byhand.ops.numpy_names.shapes import broadcast_to
from byhand.ops.op import Operand


@answers(np.shape)
def shape(a: Any) -> tuple[int, ...]:
    return a.shape


@answers(np.ndim)
def number_of_axes(a: Any) -> int:
    return len(a.shape)


@answers(np.size)
def size(a: Any, axis: int | None = None) -> int:
    return math.prod(a.shape) if axis is None else a.shape[axis]


@answers(np.zeros_like, np.empty_like)
def zeros_like(a: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    return np.zeros(a.shape if shape is None else shape, dtype or a.dtype)


@answers(np.ones_like)
def ones_like(a: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    return np.ones(a.shape if shape is None else shape, dtype or a.dtype)


@answers(np.full_like)
def full_like(a: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    if isinstance(fill_value, Operand):
        return broadcast_to(fill_value, a.shape if shape is None else shape)
    return np.full(a.shape if shape is None else shape, fill_value, dtype or a.dtype)
