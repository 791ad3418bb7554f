"""Float types by name: NumPy's, and those that only PyTorch has, such as bfloat16."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, cast

import numpy as np

from byhand.values.arrays import Array, as_torch, is_torch

HALVES = ("bfloat16", "float16")
"""The types that are narrower than float32."""


def float_type(value: Any) -> str | None:
    """The float type of an array, a tensor or one of NumPy's numbers; None for anything else."""
    dtype: Any = getattr(value, "dtype", None)
    if isinstance(dtype, np.dtype):
        known = cast("np.dtype[Any]", dtype)
        return name_of(known) if known.kind == "f" else None
    if is_torch(value) and value.is_floating_point():
        return str(dtype).removeprefix("torch.")
    return None


@cache
def name_of(dtype: np.dtype[Any]) -> str:
    """What NumPy calls a type, which it finds out anew each time."""
    return dtype.name


@cache
def eps_of(name: str) -> float:
    """The distance from 1 to the next number of a float type."""
    if hasattr(np, name):
        return float(np.finfo(name).eps)
    if name == "bfloat16":  # which JAX has, too
        return 2.0**-7
    torch = import_module("torch")
    return float(torch.finfo(getattr(torch, name)).eps)


def in_type(value: Array, name: str) -> Any:
    """`value` in a float type; a tensor where only PyTorch has that."""
    if hasattr(np, name):
        return value.astype(name)
    return as_torch(value).to(getattr(import_module("torch"), name))


def rounded(value: Array, name: str) -> Array:
    """`value` as it is after it was in a float type, in float64."""
    found = in_type(value, name)
    return np.asarray(found.double().numpy() if is_torch(found) else found, np.float64)


SINGLE = eps_of("float32")
