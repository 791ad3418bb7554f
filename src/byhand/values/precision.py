"""Float types by name: NumPy's, and those that only PyTorch has, such as bfloat16."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from byhand.values.arrays import is_torch


def float_type(value: Any) -> str | None:
    """The float type of an array, a tensor or one of NumPy's numbers; None for anything else."""
    if is_torch(value):
        return str(value.dtype).removeprefix("torch.") if value.is_floating_point() else None
    dtype = getattr(value, "dtype", None)
    return dtype.name if isinstance(dtype, np.dtype) and dtype.kind == "f" else None


@cache
def eps_of(name: str) -> float:
    """The distance from 1 to the next number of a float type."""
    if hasattr(np, name):
        return float(np.finfo(name).eps)
    torch = import_module("torch")
    return float(torch.finfo(getattr(torch, name)).eps)


SINGLE = eps_of("float32")
