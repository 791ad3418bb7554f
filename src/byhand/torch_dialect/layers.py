"""PyTorch's layers: linear, convolution, pooling, normalisation, attention."""

# NumPy does not say what its functions give for a tensor of ours.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from byhand.errors import UnsupportedError
from byhand.torch_dialect.math import plain
from byhand.torch_dialect.reductions import softmax, vector_norm


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    out = np.matmul(input, weight.T)
    return out if bias is None else out + bias


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    out = np.einsum("...i,oij,...j->...o", input1, weight, input2)
    return out if bias is None else out + bias


def embedding(
    input: Any, weight: Any, padding_idx: int | None = None, norm_type: float = 2.0
) -> Any:
    """The rows of `weight` that `input` numbers; `norm_type` matters to `max_norm` alone.

    The row of `padding_idx` is a constant.
    """
    rows = weight[input]
    if padding_idx is None:
        return rows
    padding_idx %= weight.shape[0]
    is_padding = np.expand_dims(plain(input) == padding_idx, -1)
    return np.where(is_padding, plain(weight)[padding_idx], rows)


def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
) -> Any:
    """The sum, the mean or the largest of the rows of each bag."""
    if offsets is not None or max_norm is not None or input.ndim != 2 or scale_grad_by_freq:
        raise UnsupportedError("embedding_bag has a rule for bags of one size, one in each row")
    rows = weight[input]
    if per_sample_weights is not None:
        rows = rows * np.expand_dims(per_sample_weights, -1)
    match mode:
        case "sum":
            return np.sum(rows, axis=1)
        case "mean":
            return np.mean(rows, axis=1)
        case _:
            return np.max(rows, axis=1)


def dropout(input: Any, p: float = 0.5, training: bool = True) -> Any:
    if training and p > 0:
        raise UnsupportedError(
            "dropout draws at random, so forward would differ from call to call: draw the mask in "
            "inputs() and write x * mask / (1 - p)"
        )
    return input


# Normalisation.


def standardized(input: Any, axes: tuple[int, ...], eps: float) -> Any:
    """(x - mean) / sqrt(variance + eps) over `axes`; the variance divides by n."""
    centred = input - np.mean(input, axis=axes, keepdims=True)
    variance = np.var(input, axis=axes, keepdims=True)
    return centred / np.sqrt(variance + eps)


def scaled(normal: Any, weight: Any, bias: Any) -> Any:
    if weight is not None:
        normal = normal * weight
    return normal if bias is None else normal + bias


def by_channel(parameter: Any, input: Any) -> Any:
    """One number for each channel (axis 1), in a shape that broadcasts with `input`."""
    if parameter is None or input.ndim == 2:
        return parameter
    return np.reshape(parameter, (-1,) + (1,) * (input.ndim - 2))


def layer_norm(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Ba, Kiros and Hinton, Layer normalization (2016), equation 4."""
    axes = tuple(range(-len(normalized_shape), 0))
    return scaled(standardized(input, axes, eps), weight, bias)


def rms_norm(
    input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None
) -> Any:
    """Zhang and Sennrich, Root mean square layer normalization (2019), equation 4."""
    axes = tuple(range(-len(normalized_shape), 0))
    if eps is None:
        eps = float(np.finfo(plain(input).dtype).eps)
    mean_square = np.mean(np.square(input), axis=axes, keepdims=True)
    return scaled(input / np.sqrt(mean_square + eps), weight, None)


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Ioffe and Szegedy, Batch normalization (2015), algorithm 1; axis 1 has the channels."""
    if not training:
        variance = by_channel(running_var, input)
        normal = (input - by_channel(running_mean, input)) / np.sqrt(variance + eps)
    elif running_mean is not None or running_var is not None:
        raise UnsupportedError(
            "batch_norm would update running_mean and running_var in place, which a forward pass "
            "can't: pass None for both, and update them outside"
        )
    else:
        normal = standardized(input, (0, *range(2, input.ndim)), eps)
    return scaled(normal, by_channel(weight, input), by_channel(bias, input))


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    if running_mean is not None or running_var is not None or not use_input_stats:
        raise UnsupportedError("instance_norm has a rule for the statistics of the input alone")
    normal = standardized(input, tuple(range(2, input.ndim)), eps)
    return scaled(normal, by_channel(weight, input), by_channel(bias, input))


def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Wu and He, Group normalization (2018), equations 1 and 7."""
    groups = np.reshape(input, (input.shape[0], num_groups, -1))
    normal = np.reshape(standardized(groups, (-1,), eps), input.shape)
    return scaled(normal, by_channel(weight, input), by_channel(bias, input))


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    return input / np.maximum(vector_norm(input, p, dim, keepdim=True), eps)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    lengths = np.maximum(vector_norm(x1, 2, dim), eps) * np.maximum(vector_norm(x2, 2, dim), eps)
    return np.sum(x1 * x2, axis=dim) / lengths


def pairwise_distance(
    x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    return vector_norm(x1 - x2 + eps, p, -1, keepdim)


# Convolution and pooling. All look at the windows of the last n axes.


def tuple_of(n: int, given: Any) -> tuple[Any, ...]:
    """One number for each of n axes."""
    if isinstance(given, int):
        return (given,) * n
    return tuple(given) if len(given) == n else (given[0],) * n


def windows(
    input: Any,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: Any = 0,
    dilation: Any = 1,
    fill: float = 0.0,
) -> Any:
    """The windows of the last n axes: batch, channels, n axes of positions, n axes within a window.

    `padding` is a number, one for each axis, or a pair (before, after) for each axis.
    """
    n = len(size)
    dilation = tuple_of(n, dilation)
    pairs = [(p, p) if isinstance(p, int) else p for p in tuple_of(n, padding)]
    if any(pair != (0, 0) for pair in pairs):
        input = np.pad(input, [(0, 0)] * (input.ndim - n) + pairs, constant_values=fill)
    reach = tuple(d * (k - 1) + 1 for d, k in zip(dilation, size, strict=True))
    found = sliding_window_view(input, reach, axis=tuple(range(-n, 0)))
    if set(stride) == set(dilation) == {1}:
        return found
    steps = (slice(None, None, step) for step in (*stride, *dilation))
    return found[(..., *steps)]


def convolution(n: int) -> Callable[..., Any]:
    positions, inside = "xyz"[:n], "ijk"[:n]

    def convolved(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Any:
        """The sum, over input channels and places in a window, of input times weight."""
        if input.ndim == n + 1:  # one picture without a batch
            one = np.expand_dims(input, 0)
            return convolved(one, weight, bias, stride, padding, dilation, groups)[0]
        size = weight.shape[2:]
        if padding == "valid":
            padding = 0
        elif padding == "same":
            extra = [d * (k - 1) for d, k in zip(tuple_of(n, dilation), size, strict=True)]
            padding = [(e // 2, e - e // 2) for e in extra]
        seen = windows(input, size, tuple_of(n, stride), padding, dilation)
        rule = f"nc{positions}{inside},oc{inside}->no{positions}"
        if groups == 1:
            out = np.einsum(rule, seen, weight)
        else:
            pairs = zip(np.split(seen, groups, 1), np.split(weight, groups, 0), strict=True)
            out = np.concatenate([np.einsum(rule, x, w) for x, w in pairs], axis=1)
        return out if bias is None else out + by_channel(bias, out)

    return convolved


def _max_pooling(n: int) -> Callable[..., Any]:
    def max_pooling(
        input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1
    ) -> Any:
        size = tuple_of(n, kernel_size)
        steps = tuple_of(n, stride) if stride else size
        seen = windows(input, size, steps, padding, dilation, fill=-math.inf)
        return np.max(seen, axis=tuple(range(-n, 0)))

    return max_pooling


def _average_pooling(n: int) -> Callable[..., Any]:
    def average_pooling(
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> Any:
        if ceil_mode or not (count_include_pad or padding == 0):
            raise UnsupportedError("average pooling: leave ceil_mode and count_include_pad out")
        size = tuple_of(n, kernel_size)
        seen = windows(input, size, tuple_of(n, stride) if stride else size, padding)
        return np.mean(seen, axis=tuple(range(-n, 0)))

    return average_pooling


def unfold(
    input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """The windows of pictures as columns: batch, channels times places in a window, positions."""
    seen = windows(input, tuple_of(2, kernel_size), tuple_of(2, stride), padding, dilation)
    batch, channels, high, wide, k, m = seen.shape
    columns = np.transpose(seen, (0, 1, 4, 5, 2, 3))
    return np.reshape(columns, (batch, channels * k * m, high * wide))


# Attention.


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Any:
    """Vaswani et al., Attention is all you need (2017), equation 1."""
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1])
    scores = np.matmul(query, np.swapaxes(key, -1, -2)) * scale
    if is_causal:
        attn_mask = np.tri(*scores.shape[-2:], dtype=bool)
    if attn_mask is not None:
        allowed = plain(attn_mask).dtype == np.bool_
        scores = np.where(attn_mask, scores, -math.inf) if allowed else scores + attn_mask
    return np.matmul(dropout(softmax(scores, -1), dropout_p), value)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "linear": linear,
    "bilinear": bilinear,
    "embedding": embedding,
    "embedding_bag": embedding_bag,
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout"), dropout),
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "batch_norm": batch_norm,
    "instance_norm": instance_norm,
    "group_norm": group_norm,
    "normalize": normalize,
    "cosine_similarity": cosine_similarity,
    "pairwise_distance": pairwise_distance,
    "conv1d": convolution(1),
    "conv2d": convolution(2),
    "conv3d": convolution(3),
    "max_pool1d": _max_pooling(1),
    "max_pool2d": _max_pooling(2),
    "max_pool3d": _max_pooling(3),
    "avg_pool1d": _average_pooling(1),
    "avg_pool2d": _average_pooling(2),
    "avg_pool3d": _average_pooling(3),
    "unfold": unfold,
    "scaled_dot_product_attention": scaled_dot_product_attention,
}
