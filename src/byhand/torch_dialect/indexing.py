"""PyTorch's functions that pick elements, and those that put some into the place of others."""

# NumPy does not say what its functions give for a tensor of ours.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops.indexing import PUT, SCATTER, SCATTER_ALONG_AXIS
from byhand.torch_dialect.shape import ALL, at
from byhand.torch_dialect.tables import by_name
from byhand.values.arrays import Array


def where(condition: Any, input: Any, other: Any) -> Any:
    if getattr(input, "dtype", None) == np.bool_:  # the method: x.where(condition, other)
        condition, input = input, condition
    return np.where(condition, input, other)


def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    return np.where(mask, value, input)


def masked_select(input: Any, mask: Any) -> Any:
    shape = np.broadcast_shapes(np.shape(input), np.shape(mask))
    return np.broadcast_to(input, shape)[np.broadcast_to(mask, shape)]


def gather(input: Any, dim: int, index: Any) -> Any:
    """`out[i, j] = input[i, index[i, j]]` for dim 1; index may be shorter along the other axes."""
    dim %= index.ndim
    cut = tuple(ALL if a == dim else slice(n) for a, n in enumerate(index.shape))
    if any(a != dim and n != input.shape[a] for a, n in enumerate(index.shape)):
        input = input[cut]
    return np.take_along_axis(input, index, dim)


def take_along_dim(input: Any, indices: Any, dim: int | None = None) -> Any:
    return np.take_along_axis(input, indices, dim)


def index_select(input: Any, dim: int, index: Any) -> Any:
    return np.take(input, index, axis=dim)


def take(input: Any, index: Any) -> Any:
    return np.take(input, index)


def select(input: Any, dim: int, index: int) -> Any:
    return input[at(dim, np.ndim(input), index)]


def narrow(input: Any, dim: int, start: int, length: int) -> Any:
    return input[at(dim, np.ndim(input), slice(start, start + length))]


def scatter(input: Any, dim: int, index: Any, src: Any) -> Any:
    """`input` with `out[i, index[i, j]] = src[i, j]` for dim 1."""
    _same_elsewhere("scatter", input, dim, index)
    here = np.indices(index.shape, sparse=True)
    place = tuple(index if a == dim % index.ndim else each for a, each in enumerate(here))
    return PUT(input, src if np.ndim(src) == 0 else _start_of(src, index), index=place)


def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Any:
    _same_elsewhere("scatter_add", input, dim, index)
    part = _start_of(src, index)
    return input + SCATTER_ALONG_AXIS(part, indices=index, axis=dim, shape=tuple(input.shape))


def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: float = 1) -> Any:
    """`input` with `out[:, index[j]] += source[:, j]` for dim 1."""
    place, shape = at(dim, np.ndim(input), index), tuple(np.shape(input))
    return input + SCATTER(source if alpha == 1 else alpha * source, index=place, shape=shape)


def scatter_reduce(
    input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True
) -> Any:
    """What `index` puts in one place, and what was there, added up or averaged."""
    if reduce not in ("sum", "mean"):
        raise UnsupportedError(f'scatter_reduce has no rule for {reduce!r}: "sum" and "mean" do')
    counts = np.zeros(input.shape)
    ones = np.ones(index.shape)
    counts += SCATTER_ALONG_AXIS(ones, indices=index, axis=dim, shape=tuple(input.shape))
    if not include_self:
        input = np.where(counts > 0, 0.0, input)
    total = scatter_add(input, dim, index, src)
    if reduce == "sum":
        return total
    return total / (counts + 1 if include_self else np.maximum(counts, 1))


def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    return PUT(input, value, index=at(dim, np.ndim(input), index))


def index_copy(input: Any, dim: int, index: Any, source: Any) -> Any:
    return PUT(input, source, index=at(dim, np.ndim(input), index))


def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    place = tuple(indices)
    if not accumulate:
        return PUT(input, values, index=place)
    shape = np.shape(np.empty(tuple(input.shape))[place])
    return input + SCATTER(np.broadcast_to(values, shape), index=place, shape=tuple(input.shape))


def masked_scatter(input: Any, mask: Any, source: Any) -> Any:
    """The elements of `source`, one after the other, where `mask` holds."""
    mask = np.broadcast_to(mask, np.shape(input))
    first = np.ravel(source)[: int(np.count_nonzero(mask))]
    return PUT(input, first, index=mask)


def select_scatter(input: Any, src: Any, dim: int, index: int) -> Any:
    return PUT(input, src, index=at(dim, np.ndim(input), index))


def slice_scatter(
    input: Any,
    src: Any,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Any:
    return PUT(input, src, index=at(dim, np.ndim(input), slice(start, end, step)))


def _start_of(src: Any, index: Array) -> Any:
    """As much of `src` as there are places in `index`."""
    return src if src.shape == index.shape else src[tuple(slice(n) for n in index.shape)]


def _same_elsewhere(name: str, input: Any, dim: int, index: Array) -> None:
    axes = [a for a in range(index.ndim) if a != dim % index.ndim]
    if any(index.shape[a] != input.shape[a] for a in axes):
        raise UnsupportedError(f"{name} has a rule for an index as long as input but along dim")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **by_name(where, masked_fill, masked_select, gather, take_along_dim, index_select, take),
    **by_name(select, narrow, scatter, scatter_add, scatter_reduce, index_add, index_fill),
    **by_name(index_copy, index_put, masked_scatter, select_scatter, slice_scatter),
}
