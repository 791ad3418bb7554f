# pyright: basic
"""JAX's primitives that give elements other places: shapes, slices, gather and scatter."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from byhand.engine.tensor import Tensor
from byhand.jax_dialect.primitives.rule import Rule, number, shape_of
from byhand.ops import indexing
from byhand.values.arrays import numbered


def _iota(given: list[Any], params: Any, equation: Any) -> Any:
    shape, axis = tuple(params["shape"]), params["dimension"]
    placed = [1] * len(shape)
    placed[axis] = shape[axis]
    row = np.arange(shape[axis]).astype(params["dtype"]).reshape(placed)
    return np.broadcast_to(row, shape)


def _slice(given: list[Any], params: Any, equation: Any) -> Any:
    starts, ends = params["start_indices"], params["limit_indices"]
    strides = params["strides"] or (1,) * len(starts)
    return given[0][tuple(map(slice, starts, ends, strides))]


def _window(shape: Any, sizes: Any, starts: list[Any]) -> tuple[slice, ...]:
    """Where a window lies: one that reaches past an end is moved back into the array."""
    at = [
        int(np.clip(int(number(start)), 0, length - size))
        for start, length, size in zip(starts, shape, sizes, strict=True)
    ]
    return tuple(slice(first, first + size) for first, size in zip(at, sizes, strict=True))


def _dynamic_slice(given: list[Any], params: Any, equation: Any) -> Any:
    x, *starts = given
    return x[_window(np.shape(number(x)), params["slice_sizes"], starts)]


def _dynamic_update(given: list[Any], params: Any, equation: Any) -> Any:
    x, new, *starts = given
    return _put(x, _window(np.shape(number(x)), np.shape(number(new)), starts), new)


def _put(x: Any, index: Any, new: Any) -> Any:
    if isinstance(x, Tensor) or isinstance(new, Tensor):
        return indexing.PUT(_tensor(x), _tensor(new), index=index)
    changed = np.array(x)
    changed[index] = new
    return changed


def _tensor(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else Tensor(value, constant=True)


def _split(given: list[Any], params: Any, equation: Any) -> Any:
    ends = np.cumsum(params["sizes"])
    before = (slice(None),) * params["axis"]
    pairs = zip([0, *ends[:-1]], ends, strict=True)
    return [given[0][(*before, slice(int(a), int(b)))] for a, b in pairs]


def _pad(given: list[Any], params: Any, equation: Any) -> Any:
    x, filling = given
    config = params["padding_config"]
    if any(inner or low < 0 or high < 0 for low, high, inner in config):
        raise NotImplementedError
    if isinstance(filling, Tensor):
        raise NotImplementedError
    widths = [(low, high) for low, high, _ in config]
    return np.pad(x, widths, constant_values=np.asarray(filling).item())


def _gather(given: list[Any], params: Any, equation: Any) -> Any:
    x, indices = given
    shape = np.shape(number(x))
    numbers, sizes = params["dimension_numbers"], params["slice_sizes"]
    index = _index(shape, number(indices), numbers, sizes)
    if index is not None:
        return x[index]
    places = _places(shape, number(indices), numbers, sizes, params["mode"])
    flat = x.reshape(-1)
    if (places >= 0).all():
        return flat[places]
    filling = params.get("fill_value")
    filling = np.nan if filling is None else filling
    return np.where(places >= 0, flat[np.maximum(places, 0)], filling)


def _index(shape: Any, indices: Any, numbers: Any, sizes: Any) -> Any:
    """The index of `x[i]` or `x[i, j]`, where a gather is no more than that."""
    axes = tuple(numbers.collapsed_slice_dims)
    batch = indices.ndim - 1
    rest = tuple(range(batch, batch + len(shape) - len(axes)))
    simple = (
        axes == tuple(range(len(axes))) == tuple(numbers.start_index_map)
        and not numbers.operand_batching_dims
        and tuple(numbers.offset_dims) == rest
        and tuple(sizes[len(axes) :]) == tuple(shape[len(axes) :])
    )
    parts = [indices[..., k] for k in range(indices.shape[-1])]
    inside = all(((p >= 0) & (p < n)).all() for p, n in zip(parts, shape, strict=False))
    return tuple(parts) if simple and parts and inside else None


def _places(shape: Any, indices: Any, numbers: Any, sizes: Any, mode: Any) -> Any:
    """Where in the flat array each element of a gather comes from; -1 for nowhere."""
    flat = numbered(shape)
    found = jax.lax.gather(flat, indices, numbers, tuple(sizes), mode=mode, fill_value=-1)
    return np.asarray(found)


def _scattered_to(given: list[Any], params: Any) -> tuple[Any, Any, Any, Any]:
    """What a scatter goes into, what is scattered, and the place of each element of that: the
    gather that takes what a scatter puts."""
    x, indices, updates = given
    n, shape, window = params["dimension_numbers"], np.shape(number(x)), np.shape(number(updates))
    numbers = jax.lax.GatherDimensionNumbers(
        offset_dims=n.update_window_dims,
        collapsed_slice_dims=n.inserted_window_dims,
        start_index_map=n.scatter_dims_to_operand_dims,
        operand_batching_dims=n.operand_batching_dims,
        start_indices_batching_dims=n.scatter_indices_batching_dims,
    )
    left = iter(n.update_window_dims)
    single = (*n.inserted_window_dims, *n.operand_batching_dims)
    sizes = [1 if axis in single else window[next(left)] for axis in range(len(shape))]
    places = _places(shape, number(indices), numbers, sizes, params["mode"]).ravel()
    inside = places >= 0
    flat = updates.reshape(-1) if isinstance(updates, Tensor) else np.asarray(updates).ravel()
    if not inside.all():
        flat, places = flat[inside], places[inside]
    return x, shape, flat, places


def _scatter_add(given: list[Any], params: Any, equation: Any) -> Any:
    x, shape, updates, places = _scattered_to(given, params)
    if not isinstance(updates, Tensor):
        added = np.zeros(int(np.prod(shape)), np.asarray(number(x)).dtype)
        np.add.at(added, places, updates)
        return x + added.reshape(shape)
    size = (int(np.prod(shape)),)
    return x + indexing.SCATTER(updates, index=(places,), shape=size).reshape(shape)


def _scatter(given: list[Any], params: Any, equation: Any) -> Any:
    x, shape, updates, places = _scattered_to(given, params)
    if len(np.unique(places)) < len(places):
        raise NotImplementedError  # which one stays isn't defined
    flat = x.reshape(-1) if isinstance(x, Tensor) else np.asarray(x).ravel()
    return _put(flat, (places,), updates).reshape(shape)


RULES: dict[str, Rule] = {
    "iota": _iota,
    "reshape": lambda given, params, equation: given[0].reshape(shape_of(equation)),
    "transpose": lambda given, params, equation: np.transpose(given[0], params["permutation"]),
    "squeeze": lambda given, params, equation: given[0].reshape(shape_of(equation)),
    "expand_dims": lambda given, params, equation: given[0].reshape(shape_of(equation)),
    "rev": lambda given, params, equation: np.flip(given[0], tuple(params["dimensions"])),
    "concatenate": lambda given, params, equation: np.concatenate(given, params["dimension"]),
    "stack": lambda given, params, equation: np.stack(given, axis=params["axis"]),
    "optimization_barrier": lambda given, params, equation: list(given),
    "tile": lambda given, params, equation: np.tile(given[0], tuple(params["reps"])),
    "slice": _slice,
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update,
    "split": _split,
    "pad": _pad,
    "gather": _gather,
    "scatter": _scatter,
    "scatter-add": _scatter_add,
}
