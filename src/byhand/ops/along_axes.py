"""Shape: every output element is one input element, padded, turned, repeated or cut out along axes.

The adjoint moves each gradient back and adds up those of copies.
"""

# A rule takes whatever answers NumPy's names, so the arguments of its lambda have no type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from byhand.ops import axes, signs
from byhand.ops.indexing import SCATTER
from byhand.ops.op import REAL, Op, sample
from byhand.ops.shape import ALL, inverse, moving
from byhand.ops.spelling import Params
from byhand.values.arrays import Array


def _pad_vjp(
    g: Any,
    out: Any,
    x: Any,
    pad_width: tuple[tuple[int, int], ...],
    constant_values: float = 0.0,
) -> Any:
    pairs = zip(pad_width, x.shape, strict=True)
    return g[tuple(slice(before, before + n) for (before, _), n in pairs)]


def _roll_vjp(g: Any, out: Any, x: Any, shift: Any, axis: Any) -> Any:
    back = tuple(-s for s in shift) if isinstance(shift, tuple) else -shift
    return np.roll(g, back, axis)


def _repeat_vjp(g: Any, out: Any, x: Any, repeats: Any, axis: int) -> Any:
    """Add up the copies, which stand side by side."""
    axis %= x.ndim
    if isinstance(repeats, int):
        before, after = x.shape[: axis + 1], x.shape[axis + 1 :]
        return np.sum(np.reshape(g, (*before, repeats, *after)), axis=axis + 1)
    source = np.repeat(np.arange(x.shape[axis]), repeats)
    return SCATTER(g, index=(ALL,) * axis + (source,), shape=x.shape)


def _tile_vjp(g: Any, out: Any, x: Any, reps: tuple[int, ...]) -> Any:
    """Give every axis an axis of copies before it, and add up along those."""
    ndim = max(x.ndim, len(reps))
    shape = (1,) * (ndim - x.ndim) + x.shape
    copies = (1,) * (ndim - len(reps)) + tuple(reps)
    pairs = [n for pair in zip(copies, shape, strict=True) for n in pair]
    total = np.sum(np.reshape(g, tuple(pairs)), axis=tuple(range(0, 2 * ndim, 2)))
    return np.reshape(total, x.shape)


def _diagonal_vjp(g: Any, out: Any, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Write the diagonal into zeros whose last two axes are `axis1` and `axis2`, then move them."""
    pair = (axis1 % x.ndim, axis2 % x.ndim)
    order = (*(a for a in range(x.ndim) if a not in pair), *pair)
    rows = np.arange(g.shape[-1]) + max(-offset, 0)
    cols = np.arange(g.shape[-1]) + max(offset, 0)
    moved = SCATTER(g, index=(..., rows, cols), shape=tuple(x.shape[a] for a in order))
    return moved if order == tuple(range(x.ndim)) else np.transpose(moved, inverse(order))


def _overlap_add(
    x: Any, window_shape: tuple[int, ...], axis: tuple[int, ...], shape: tuple[int, ...]
) -> Array:
    """Zeros of `shape`, with every window of `x` added where `sliding_window_view` reads it."""
    out = np.zeros(shape, x.dtype)
    positions = x.shape[: len(shape)]
    for corner in np.ndindex(*window_shape):
        index = [ALL] * len(shape)
        for a, start in zip(axis, corner, strict=True):
            index[a] = slice(start, start + positions[a])
        out[tuple(index)] += x[(..., *corner)]
    return out


def _torch_pad(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    """PyTorch names the last axis first."""
    pairs = tuple(n for pair in reversed(params["pad_width"]) for n in pair)
    template = "torch.nn.functional.pad({0}, {pad_width}, value={constant_values:0})"
    return template, {**params, "pad_width": pairs}


def _torch_flip(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    axis = params["axis"]
    axes = tuple(range(ndims[0])) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return "torch.flip({0}, {axis})", {**params, "axis": axes}


def _torch_repeat(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    counts = "torch.tensor({repeats})" if isinstance(params["repeats"], tuple) else "{repeats}"
    return f"torch.repeat_interleave({{0}}, {counts}, {{axis}})", params


def _torch_windows(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    """One axis after the other."""
    pairs = tuple(zip(params["axis"], params["window_shape"], strict=True))
    each = {f"axis{i}": axis for i, (axis, _) in enumerate(pairs)}
    sizes = {f"size{i}": size for i, (_, size) in enumerate(pairs)}
    calls = (f".unfold({{axis{i}}}, {{size{i}}}, 1)" for i in range(len(pairs)))
    return "{0}" + "".join(calls), {**each, **sizes}


PAD = moving(
    "pad",
    lambda x, pad_width, constant_values=0.0: np.pad(x, pad_width, constant_values=constant_values),
    _pad_vjp,
    sample((3,), pad_width=((1, 2),)),
    sample((3, 4), pad_width=((0, 1), (2, 0)), constant_values=1.5),
    sample((3, 1), pad_width=((0, 0), (0, 0))),
    sample((0, 3), pad_width=((1, 1), (0, 0))),
    numpy="np.pad({0}, {pad_width}, constant_values={constant_values:0})",
    torch=_torch_pad,
    axes=axes.padded,
)
FLIP = moving(
    "flip",
    lambda x, axis=None: np.flip(x, axis),
    lambda g, out, x, axis=None: np.flip(g, axis),
    sample((3,)),
    sample((3, 4)),
    sample((3, 4), axis=-1),
    sample((2, 1, 4), axis=(0, 2)),
    sample((0, 3), axis=1),
    numpy="np.flip({0}, axis={axis})",
    torch=_torch_flip,
    axes=axes.same,
    sign=signs.of_the_first,
    view=True,
    permutes=True,
)
ROLL = moving(
    "roll",
    lambda x, shift, axis: np.roll(x, shift, axis),
    _roll_vjp,
    sample((4,), shift=1, axis=0),
    sample((3, 4), shift=-5, axis=1),
    sample((3, 4), shift=(1, 2), axis=(0, 1)),
    sample((1, 3), shift=2, axis=0),
    sample((0, 3), shift=1, axis=1),
    numpy="np.roll({0}, {shift}, {axis})",
    torch="torch.roll({0}, {shift}, {axis})",
    axes=axes.same,
    permutes=True,
)
REPEAT = moving(
    "repeat",
    lambda x, repeats, axis: np.repeat(x, repeats, axis),
    _repeat_vjp,
    sample((3,), repeats=2, axis=0),
    sample((2, 3, 4), repeats=3, axis=1),
    sample((3, 1), repeats=4, axis=-1),
    sample((3, 4), repeats=(2, 0, 1), axis=0),
    sample((3, 4), repeats=(1, 0, 2, 3), axis=-1),
    sample((0, 3), repeats=2, axis=1),
    numpy="np.repeat({0}, {repeats}, {axis})",
    torch=_torch_repeat,
    aliases=("torch.repeat_interleave",),
    axes=axes.but_axis,
    scatters=True,
)
TILE = moving(
    "tile",
    lambda x, reps: np.tile(x, reps),
    _tile_vjp,
    sample((), reps=(2,)),
    sample((3,), reps=(2,)),
    sample((3, 4), reps=(3,)),
    sample((3, 4), reps=(2, 1, 3)),
    sample((1, 3), reps=(2, 2)),
    sample((0, 3), reps=(2, 2)),
    numpy="np.tile({0}, {reps})",
    axes=axes.tiled,
)
TRIL = moving(
    "tril",
    lambda x, k=0: np.tril(x, k),
    lambda g, out, x, k=0: np.tril(g, k),
    sample((3, 3)),
    sample((2, 3, 4), k=1),
    sample((4, 2), k=-1),
    sample((3, 1)),
    sample((0, 3)),
    numpy="np.tril({0}, k={k:0})",
    torch="torch.tril({0}, {k})",
    axes=axes.same,
)
TRIU = moving(
    "triu",
    lambda x, k=0: np.triu(x, k),
    lambda g, out, x, k=0: np.triu(g, k),
    sample((3, 3)),
    sample((2, 3, 4), k=1),
    sample((4, 2), k=-1),
    sample((3, 1)),
    sample((0, 3)),
    numpy="np.triu({0}, k={k:0})",
    torch="torch.triu({0}, {k})",
    axes=axes.same,
)
DIAGONAL = moving(
    "diagonal",
    lambda x, offset=0, axis1=0, axis2=1: np.diagonal(x, offset, axis1, axis2),
    _diagonal_vjp,
    sample((3, 3)),
    sample((3, 4), offset=1),
    sample((3, 4), offset=-1, axis1=1, axis2=0),
    sample((1, 3, 4), axis1=-2, axis2=-1),
    sample((2, 3, 4), offset=-1, axis1=2, axis2=0),
    sample((0, 3)),
    numpy="np.diagonal({0}, offset={offset:0}, axis1={axis1}, axis2={axis2})",
    torch="torch.diagonal({0}, {offset}, {axis1}, {axis2})",
    axes=axes.diagonal,
    view=True,
    scatters=True,
)
WINDOWS = (
    ((5,), (3,), (0,)),
    ((4, 5), (2,), (1,)),
    ((1, 4, 5), (2, 3), (1, 2)),
    ((4, 5), (5, 1), (1, 0)),
    ((0, 3), (2,), (1,)),
)
SLIDING_WINDOW_VIEW = moving(
    "sliding_window_view",
    lambda x, window_shape, axis: sliding_window_view(x, window_shape, axis),
    lambda g, out, x, window_shape, axis: OVERLAP_ADD(
        g, window_shape=window_shape, axis=axis, shape=x.shape
    ),
    *(sample(shape, window_shape=window, axis=axis) for shape, window, axis in WINDOWS),
    numpy="np.lib.stride_tricks.sliding_window_view({0}, {window_shape}, {axis})",
    torch=_torch_windows,
    axes=axes.windows,
    view=True,
    scatters=True,
)
OVERLAP_ADD = Op(
    "overlap_add",
    "shape",
    "multilinear",
    _overlap_add,
    (lambda g, out, x, window_shape, axis, shape: sliding_window_view(g, window_shape, axis),),
    (REAL,),
    tuple(
        sample(
            sliding_window_view(np.empty(shape), window, axis).shape,
            window_shape=window,
            axis=axis,
            shape=shape,
        )
        for shape, window, axis in WINDOWS
    ),
)
