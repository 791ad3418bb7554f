"""PyTorch's functions of pictures beside convolution and pooling: they grow, shrink and fold them.

The last n axes have the positions; those before them the batch and the channels.
"""

# NumPy does not say what its functions give for a tensor of ours.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops.indexing import SCATTER
from byhand.torch_dialect.layers import by_channel, convolution, tuple_of, windows
from byhand.torch_dialect.shape import at, pad
from byhand.values.arrays import Array

# Convolution, the other way.


def _transposed_convolution(n: int) -> Callable[..., Any]:
    convolved = convolution(n)

    def transposed(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Any:
        """What a convolution by `weight` passes back to its input: each number of `input` adds a
        copy of the weights."""
        if input.ndim == n + 1:  # one picture without a batch
            one = np.expand_dims(input, 0)
            rest = (stride, padding, output_padding, groups, dilation)
            return transposed(one, weight, bias, *rest)[0]
        size, steps = weight.shape[2:], tuple_of(n, stride)
        if any(step > 1 for step in steps):
            apart = tuple((m - 1) * s + 1 for m, s in zip(input.shape[2:], steps, strict=True))
            index = (..., *(slice(None, None, step) for step in steps))
            input = SCATTER(input, index=index, shape=(*input.shape[:2], *apart))
        borders: list[int] = []
        for k, d, p, more in zip(
            size,
            tuple_of(n, dilation),
            tuple_of(n, padding),
            tuple_of(n, output_padding),
            strict=True,
        ):
            borders = [d * (k - 1) - p, d * (k - 1) - p + more, *borders]
        parts = np.split(np.flip(weight, tuple(range(2, n + 2))), groups, 0)
        turned = [np.swapaxes(part, 0, 1) for part in parts]
        kernel = turned[0] if groups == 1 else np.concatenate(turned, axis=0)
        out = convolved(pad(input, borders), kernel, dilation=dilation, groups=groups)
        return out if bias is None else out + by_channel(bias, out)

    return transposed


# Pooling into so many parts.


def _parts(length: int, count: int) -> list[tuple[int, int]]:
    """From where to where each part reaches; they overlap where the length can't be divided."""
    return [(k * length // count, -(-(k + 1) * length // count)) for k in range(count)]


def _sizes(n: int, input: Any, wanted: Any) -> list[int]:
    have = input.shape[-n:]
    given = tuple_of(n, wanted)
    return [m if size is None else size for m, size in zip(have, given, strict=True)]


def _adaptive(n: int, along: Callable[[Any, int, int], Any]) -> Callable[..., Any]:
    def adaptive(input: Any, output_size: Any) -> Any:
        for k, size in enumerate(_sizes(n, input, output_size)):
            input = along(input, input.ndim - n + k, size)
        return input

    return adaptive


def _averaged(input: Any, axis: int, count: int) -> Any:
    shares = np.zeros((count, input.shape[axis]))
    for row, (start, stop) in zip(shares, _parts(input.shape[axis], count), strict=True):
        row[start:stop] = 1 / (stop - start)
    return np.moveaxis(np.matmul(np.moveaxis(input, axis, -1), shares.T), -1, axis)


def _largest(input: Any, axis: int, count: int) -> Any:
    parts = _parts(input.shape[axis], count)
    found = [np.max(input[at(axis, input.ndim, slice(*part))], axis=axis) for part in parts]
    return np.stack(found, axis=axis)


# Other sizes.


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
) -> Any:
    """Every axis of positions on its own."""
    n = input.ndim - 2
    have = input.shape[2:]
    if size is not None:
        wanted = [int(each) for each in tuple_of(n, size)]
        ratios = [m / w for m, w in zip(have, wanted, strict=True)]
    else:
        factors = (scale_factor,) * n if isinstance(scale_factor, int | float) else scale_factor
        wanted = [math.floor(m * f) for m, f in zip(have, factors, strict=True)]
        ratios = [1 / f for f in factors]
        if recompute_scale_factor:
            ratios = [m / w for m, w in zip(have, wanted, strict=True)]
    match mode:
        case "nearest" | "nearest-exact":
            along = _nearest(0.5 if mode == "nearest-exact" else 0.0)
        case "linear" | "bilinear" | "trilinear":
            along = _between(bool(align_corners))
        case "area":
            return _adaptive(n, _averaged)(input, wanted)
        case _:
            raise UnsupportedError(
                f'interpolate has no rule for mode={mode!r}: "nearest", "bilinear" and "area" do'
            )
    for axis, (w, ratio) in enumerate(zip(wanted, ratios, strict=True), start=2):
        input = along(input, axis, w, ratio)
    return input


def _nearest(shift: float) -> Callable[[Any, int, int, float], Any]:
    def along(input: Any, axis: int, wanted: int, ratio: float) -> Any:
        places = np.floor((np.arange(wanted) + shift) * ratio).astype(int)
        return np.take(input, np.minimum(places, input.shape[axis] - 1), axis=axis)

    return along


def _between(corners: bool) -> Callable[[Any, int, int, float], Any]:
    """On the line between two neighbours. With `corners`, the outermost stay where they are; else
    every number is the middle of a cell."""

    def along(input: Any, axis: int, wanted: int, ratio: float) -> Any:
        last = int(input.shape[axis]) - 1
        if corners:
            places = np.arange(wanted) * (last / max(wanted - 1, 1))
        else:
            places = np.maximum((np.arange(wanted) + 0.5) * ratio - 0.5, 0.0)
        lower = np.minimum(np.floor(places).astype(int), last)
        share: Array = np.reshape(places - lower, (-1,) + (1,) * (input.ndim - 1 - axis))
        below = np.take(input, lower, axis=axis)
        above = np.take(input, np.minimum(lower + 1, last), axis=axis)
        return (1 - share) * below + share * above

    return along


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """Shi et al., Real-time single image and video super-resolution (2016), equation 4."""
    r = upscale_factor
    *lead, channels, high, wide = input.shape
    cut = np.reshape(input, (*lead, channels // r**2, r, r, high, wide))
    k = len(lead)
    turned = np.transpose(cut, (*range(k + 1), k + 3, k + 1, k + 4, k + 2))
    return np.reshape(turned, (*lead, channels // r**2, high * r, wide * r))


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    r = downscale_factor
    *lead, channels, high, wide = input.shape
    cut = np.reshape(input, (*lead, channels, high // r, r, wide // r, r))
    k = len(lead)
    turned = np.transpose(cut, (*range(k + 1), k + 2, k + 4, k + 1, k + 3))
    return np.reshape(turned, (*lead, channels * r**2, high // r, wide // r))


# Windows.


def fold(
    input: Any,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Any:
    """Columns back into pictures: where windows overlap, they add up."""
    if input.ndim == 2:
        one = np.expand_dims(input, 0)
        return fold(one, output_size, kernel_size, dilation, padding, stride)[0]
    size, (high, wide) = tuple_of(2, kernel_size), tuple_of(2, output_size)
    p, q = tuple_of(2, padding)
    numbers: Any = np.arange((high + 2 * p) * (wide + 2 * q))
    grid = np.reshape(numbers, (1, 1, high + 2 * p, wide + 2 * q))
    seen = windows(grid, size, tuple_of(2, stride), dilation=dilation)[0, 0]
    places = np.reshape(np.transpose(seen, (2, 3, 0, 1)), (size[0] * size[1], -1))
    batch = input.shape[0]
    columns = np.reshape(input, (batch, -1, *places.shape))
    whole = (slice(None), slice(None), places)
    added = SCATTER(columns, index=whole, shape=(batch, columns.shape[1], numbers.size))
    pictures = np.reshape(added, (batch, columns.shape[1], high + 2 * p, wide + 2 * q))
    return pictures[:, :, p : p + high, q : q + wide] if p or q else pictures


def local_response_norm(
    input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    """Krizhevsky, Sutskever and Hinton, ImageNet classification (2012), section 3.3."""
    around = [(0, 0), (size // 2, (size - 1) // 2), *[(0, 0)] * (input.ndim - 2)]
    near = np.lib.stride_tricks.sliding_window_view(np.pad(np.square(input), around), size, axis=1)
    return input / (k + alpha * np.mean(near, axis=-1)) ** beta


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f"conv_transpose{n}d": _transposed_convolution(n) for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": _adaptive(n, _averaged) for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": _adaptive(n, _largest) for n in (1, 2, 3)},
    "interpolate": interpolate,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "fold": fold,
    "local_response_norm": local_response_norm,
}
