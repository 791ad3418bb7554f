"""Arrays of NumPy's, PyTorch's and JAX's: what kind is this, and one as the other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from byhand.values import tree

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def numbered(shape: tuple[int, ...]) -> Array:
    """An array whose elements are their own places, counted in memory order."""
    return np.arange(math.prod(shape)).reshape(shape)


def is_array(value: object) -> TypeGuard[Array]:
    return isinstance(value, np.ndarray)


def is_float_array(value: object) -> TypeGuard[Array]:
    return is_array(value) and value.dtype.kind == "f"


def is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    return isinstance(value, tuple)


def is_sequence(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """A plain list or tuple, as arrays may be given in."""
    return type(value) in (list, tuple)


def is_torch(value: object) -> TypeGuard[Any]:
    """Whether `value` is a PyTorch tensor, asked without importing PyTorch."""
    return _is_torch(type(value))


@lru_cache(maxsize=1 << 10)
def _is_torch(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "torch" and hasattr(cls, "detach")


def speaks_torch(inputs: Mapping[str, Any]) -> bool:
    """Whether inputs are given as PyTorch tensors; forward and backward are PyTorch then."""
    return any(is_torch(leaf) for _, leaf in tree.leaves(dict(inputs)))


def is_jax(value: object) -> TypeGuard[Any]:
    """Whether `value` is an array of JAX's, asked without importing JAX."""
    return _is_jax(type(value))


@lru_cache(maxsize=1 << 10)
def _is_jax(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in ("jax", "jaxlib") and hasattr(cls, "aval")


def as_jax(value: Array) -> Any:
    """A copy of an array as JAX's, of the same type where JAX is told to have float64."""
    return import_module("jax.numpy").array(value)


def as_torch(value: Array) -> Any:
    """A copy of an array as a PyTorch tensor."""
    return import_module("torch").from_numpy(np.array(value))
