"""PyTorch's functions that move and copy elements."""

# NumPy does not say what its functions give for a tensor of ours.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np

from byhand.ops.shape import BROADCAST_TO, CONCATENATE, EXPAND_DIMS, RESHAPE, SPLIT
from byhand.torch_dialect.tables import by_name, torch_names

ALL = slice(None)


def sizes(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """The numbers of `x.view(2, 3)` and of `x.view((2, 3))` alike."""
    if len(given) == 1 and isinstance(given[0], list | tuple):
        return tuple(given[0])
    return given


def at(dim: int, ndim: int, index: Any) -> tuple[Any, ...]:
    """`index` along the axis `dim`, everything along those before and after it."""
    return (ALL,) * (dim % ndim) + (index,)


# Axes.


def reshape(input: Any, *shape: Any) -> Any:
    return RESHAPE(input, shape=sizes(shape))


def view(input: Any, *size: Any) -> Any:
    return RESHAPE(input, shape=sizes(size))


def reshape_as(input: Any, other: Any) -> Any:
    return RESHAPE(input, shape=np.shape(other))


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    shape = np.shape(input) or (1,)
    start, end = start_dim % len(shape), end_dim % len(shape)
    length = int(np.prod(shape[start : end + 1]))
    return RESHAPE(input, shape=(*shape[:start], length, *shape[end + 1 :]))


def unflatten(input: Any, dim: int, sizes: Any) -> Any:
    shape = np.shape(input)
    dim %= len(shape)
    return RESHAPE(input, shape=(*shape[:dim], *sizes, *shape[dim + 1 :]))


def transpose(input: Any, dim0: int, dim1: int) -> Any:
    return np.swapaxes(input, dim0, dim1)


def permute(input: Any, *dims: Any) -> Any:
    return np.transpose(input, sizes(dims))


def movedim(input: Any, source: Any, destination: Any) -> Any:
    return np.moveaxis(input, source, destination)


def t(input: Any) -> Any:
    return np.transpose(input)


def squeeze(input: Any, dim: Any = None) -> Any:
    """Drops axes of size 1; an axis of another size that `dim` names stays."""
    if dim is None:
        return np.squeeze(input)
    dims = (dim,) if isinstance(dim, int) else dim
    return np.squeeze(input, tuple(d for d in dims if np.shape(input)[d] == 1))


def unsqueeze(input: Any, dim: int) -> Any:
    return EXPAND_DIMS(input, axis=dim)


def expand(input: Any, *size: Any) -> Any:
    """Copies along axes of size 1 and along new ones in front; -1 leaves an axis as it is."""
    wanted = sizes(size)
    have = (1,) * (len(wanted) - np.ndim(input)) + tuple(np.shape(input))
    shape = tuple(n if m == -1 else m for n, m in zip(have, wanted, strict=True))
    return np.broadcast_to(input, shape)


def expand_as(input: Any, other: Any) -> Any:
    return np.broadcast_to(input, np.shape(other))


def broadcast_tensors(*tensors: Any) -> Any:
    return np.broadcast_arrays(*tensors)


def repeat(input: Any, *repeats: Any) -> Any:
    return np.tile(input, sizes(repeats))


def tile(input: Any, *dims: Any) -> Any:
    return np.tile(input, sizes(dims))


def repeat_interleave(input: Any, repeats: Any, dim: int | None = None) -> Any:
    return np.repeat(input, repeats, axis=dim)


# Putting together and taking apart.


def cat(tensors: Any, dim: int = 0) -> Any:
    return np.concatenate(list(tensors), axis=dim)


def stack(tensors: Any, dim: int = 0) -> Any:
    return np.stack(list(tensors), axis=dim)


def hstack(tensors: Any) -> Any:
    return np.hstack(list(tensors))


def vstack(tensors: Any) -> Any:
    return np.vstack(list(tensors))


def dstack(tensors: Any) -> Any:
    return np.dstack(list(tensors))


def column_stack(tensors: Any) -> Any:
    return np.column_stack(list(tensors))


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Any, ...]:
    return tuple(np.meshgrid(*sizes(tensors), indexing="xy" if indexing == "xy" else "ij"))


def atleast_1d(*tensors: Any) -> Any:
    return _each(np.atleast_1d, tensors)


def atleast_2d(*tensors: Any) -> Any:
    return _each(np.atleast_2d, tensors)


def atleast_3d(*tensors: Any) -> Any:
    return _each(np.atleast_3d, tensors)


def _each(function: Callable[[Any], Any], tensors: tuple[Any, ...]) -> Any:
    if len(tensors) == 1 and not isinstance(tensors[0], list | tuple):
        return function(tensors[0])
    return tuple(function(each) for each in sizes(tensors))


def split(input: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """Pieces of one size (the last may be smaller), or of the sizes listed."""
    length = np.shape(input)[dim]
    lengths = split_size_or_sections
    if isinstance(lengths, int):
        lengths = [min(lengths, length - start) for start in range(0, length, lengths)]
    stops = list(accumulate(lengths))
    if stops[-1] != length:
        raise ValueError(f"split: the sizes {list(lengths)} add up to {stops[-1]}, not {length}")
    return tuple(
        SPLIT(input, start=stop - n, stop=stop, axis=dim)
        for n, stop in zip(lengths, stops, strict=True)
    )


def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    return split(input, -(-np.shape(input)[dim] // chunks), dim)


def tensor_split(input: Any, indices_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    return tuple(np.array_split(input, indices_or_sections, axis=dim))


def unbind(input: Any, dim: int = 0) -> tuple[Any, ...]:
    shape = np.shape(input)
    return tuple(input[at(dim, len(shape), i)] for i in range(shape[dim]))


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """`pad` has two numbers for each axis, from the last axis on."""
    pairs = [(0, 0)] * np.ndim(input)
    for k in range(len(pad) // 2):
        pairs[-1 - k] = (pad[2 * k], pad[2 * k + 1])
    modes = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    if mode != "constant":
        for axis, pair in enumerate(pairs):
            if pair != (0, 0):
                source = np.pad(np.arange(input.shape[axis]), pair, mode=modes[mode])  # pyright: ignore
                input = np.take(input, source, axis=axis)
        return input
    cut = tuple(
        slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(pairs, input.shape, strict=True)
    )
    if any(a < 0 or b < 0 for a, b in pairs):
        input = input[cut]
    return np.pad(input, [(max(a, 0), max(b, 0)) for a, b in pairs], constant_values=value or 0.0)


# Order.


def flip(input: Any, *dims: Any) -> Any:
    return np.flip(input, sizes(dims))


def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    if isinstance(shifts, list | tuple):
        return np.roll(input, tuple(shifts), tuple(dims))
    return np.roll(input, shifts, dims)


def fliplr(input: Any) -> Any:
    return np.flip(input, 1)


def flipud(input: Any) -> Any:
    return np.flip(input, 0)


def rot90(input: Any, k: int = 1, dims: Any = (0, 1)) -> Any:
    return np.rot90(input, k, tuple(dims))


# Triangles and diagonals.


def tril(input: Any, diagonal: int = 0) -> Any:
    return np.tril(input, diagonal)


def triu(input: Any, diagonal: int = 0) -> Any:
    return np.triu(input, diagonal)


def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    return np.diagonal(input, offset, dim1, dim2)


def diag(input: Any, diagonal: int = 0) -> Any:
    return np.diagonal(input, diagonal) if np.ndim(input) == 2 else diag_embed(input, diagonal)


def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """Matrices with `input` on a diagonal and 0 elsewhere."""
    if offset:
        ends = (max(-offset, 0), max(offset, 0))
        input = np.pad(input, [(0, 0)] * (np.ndim(input) - 1) + [ends])
    mask = np.eye(np.shape(input)[-1], k=offset, dtype=bool)
    matrices = EXPAND_DIMS(input, axis=-1) * mask
    return matrices if (dim1, dim2) == (-2, -1) else np.moveaxis(matrices, (-2, -1), (dim1, dim2))


def diagflat(input: Any, offset: int = 0) -> Any:
    return diag_embed(np.ravel(input), offset)


def block_diag(*tensors: Any) -> Any:
    """Matrices along the diagonal, 0 elsewhere."""
    blocks = [np.atleast_2d(each) for each in tensors]
    widths = [np.shape(block)[1] for block in blocks]
    rows: list[Any] = []
    for block, end in zip(blocks, accumulate(widths), strict=True):
        before = end - np.shape(block)[1]
        rows.append(np.pad(block, ((0, 0), (before, sum(widths) - end))))
    return np.concatenate(rows, axis=0)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **by_name(reshape, view, reshape_as, flatten, unflatten),
    "view_as": reshape_as,
    "ravel": flatten,
    **by_name(transpose, permute, movedim, t, squeeze, unsqueeze, expand, expand_as),
    **dict.fromkeys(("swapaxes", "swapdims"), transpose),
    "moveaxis": movedim,
    **by_name(broadcast_tensors, repeat, tile, repeat_interleave, cat, stack, hstack, vstack),
    BROADCAST_TO.name: expand,
    **dict.fromkeys(torch_names(CONCATENATE), cat),
    "row_stack": vstack,
    **by_name(split, chunk, tensor_split, unbind, pad, flip, roll, tril, triu),
    "split_with_sizes": split,
    **by_name(diagonal, diag, diag_embed, fliplr, flipud, rot90, diagflat, block_diag, dstack),
    **by_name(column_stack, meshgrid, atleast_1d, atleast_2d, atleast_3d),
}
