"""What a local holds: NumPy's, PyTorch's and JAX's arrays, numbers, and containers of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.values import tree
from byhand.values.arrays import Array, is_array, is_jax, is_torch


def copied(value: Any) -> Any:
    """A copy of arrays, and of containers of them, also of those in closures; anything else as it
    is. A tensor of PyTorch that is in several places stays one: code may leave something in it,
    `x.g = ...`."""
    if is_array(value):
        return value.copy()  # at once, since most are
    tensors: dict[int, Any] = {}

    def copy(leaf: Any) -> Any:
        if is_array(leaf):
            return leaf.copy(order="K")
        if not is_torch(leaf):
            return leaf
        if id(leaf) not in tensors:
            tensors[id(leaf)] = leaf.clone()
        return tensors[id(leaf)]

    return tree.map_throughout(copy, value)


def detached(value: Any) -> Any:
    """A copy of an array, or of a tensor without its graph; a number as an array."""
    return value.detach().clone() if is_torch(value) else np.array(value)


def array(value: Any) -> Array | None:
    """A float array or number as a NumPy array that shares its memory; None for anything else.

    What is of a type that NumPy hasn't, such as bfloat16, is a copy in float32.
    """
    if is_array(value):
        return value
    if is_torch(value):
        value = value.detach()
        if value.is_sparse:
            value = value.to_dense()
        try:
            return value.numpy()
        except TypeError:  # NumPy has no bfloat16
            return value.float().numpy()
    if is_jax(value):
        found = np.asarray(value)
        return found.astype(np.float32) if found.dtype.name == "bfloat16" else found
    if isinstance(value, (float, np.generic)):
        return np.asarray(value)
    return None


def has_memory(value: Any) -> bool:
    """Whether a value is an array, which may be changed in place; a number can't be."""
    return is_array(value) or is_torch(value) or is_jax(value)


def share_memory(a: Any, b: Any) -> bool:
    """Whether two arrays may share memory, also where NumPy hasn't their type."""
    if is_array(a) and is_array(b):
        return np.may_share_memory(a, b)  # at once, since most are
    if is_torch(a) and is_torch(b) and _are_apart(a, b):
        return False
    ours, theirs = _memory(a), _memory(b)
    return ours is not None and theirs is not None and np.may_share_memory(ours, theirs)


def _are_apart(a: Any, b: Any) -> bool:
    """Whether what two tensors are views of has no memory in common, which most haven't."""
    if a.is_sparse or b.is_sparse:
        return False
    ours, theirs = a.untyped_storage(), b.untyped_storage()
    start, other = ours.data_ptr(), theirs.data_ptr()
    return start + ours.nbytes() <= other or other + theirs.nbytes() <= start


def _memory(value: Any) -> Array | None:
    """The memory of an array; numbers of another type may be in it."""
    if is_torch(value) and not value.is_sparse and value.itemsize < 4:
        import torch

        return value.detach().view(torch.int16 if value.itemsize == 2 else torch.int8).numpy()
    return array(value)


def float_array(value: Any) -> Array | None:
    """The same, where it holds floats."""
    found = array(value)
    return found if found is not None and found.dtype.kind == "f" else None


def as_number(value: Any) -> Any:
    """A Python integer, as in `dloss = 1`, as the float of its value; anything else as it is."""
    return float(value) if type(value) is int else value


def unchanged(value: Any, before: Any) -> bool:
    now, then = array(value), array(before)
    if now is None or then is None:
        return value is before
    return now.shape == then.shape and now.dtype == then.dtype and now.tobytes() == then.tobytes()
