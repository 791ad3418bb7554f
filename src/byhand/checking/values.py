"""What a local holds: NumPy arrays, PyTorch tensors, numbers, and lists of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from byhand.values.arrays import Array, is_array, is_sequence, is_torch


def copied(value: Any) -> Any:
    """A copy of arrays, and of lists and tuples of them; anything else as it is."""
    if is_array(value):
        return value.copy()
    if is_torch(value):
        return value.clone()
    if is_sequence(value):
        return type(value)(copied(item) for item in value)
    return value


def array(value: Any) -> Array | None:
    """A float array or number as a NumPy array that shares its memory; None for anything else."""
    if is_array(value):
        return value
    if is_torch(value):
        return value.detach().numpy()
    if isinstance(value, (float, np.generic)):
        return np.asarray(value)
    return None


def as_number(value: Any) -> Any:
    """A Python integer, as in `dloss = 1`, as the float of its value; anything else as it is."""
    return float(value) if type(value) is int else value


def leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """`value` by name; the items of a list or a tuple one by one, as `name[0]`, `name[1]`, ..."""
    if is_sequence(value):
        for i, item in enumerate(value):
            yield from leaves(f"{name}[{i}]", item)
    else:
        yield name, value


def unchanged(value: Any, before: Any) -> bool:
    now, then = array(value), array(before)
    if now is None or then is None:
        return value is before
    return now.shape == then.shape and now.dtype == then.dtype and now.tobytes() == then.tobytes()
