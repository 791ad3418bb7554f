# pyright: basic
"""JAX's primitives that reduce, cumulate, sort, convolve or multiply along axes."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.jax_dialect.primitives.rule import Rule, number
from byhand.ops import indexing
from byhand.torch_dialect.layers import convolution


def _reduction(function: Callable[..., Any]) -> Rule:
    return lambda given, params, equation: function(given[0], axis=tuple(params["axes"]))


def _arg(function: Callable[..., Any]) -> Rule:
    def rule(given: list[Any], params: Any, equation: Any) -> Any:
        (axis,) = params["axes"]
        return np.asarray(function(number(given[0]), axis=axis)).astype(params["index_dtype"])

    return rule


def _cumulative(function: Callable[..., Any]) -> Rule:
    def rule(given: list[Any], params: Any, equation: Any) -> Any:
        (x,), axis = given, params["axis"]
        if params["reverse"]:
            return np.flip(function(np.flip(x, axis), axis=axis), axis)
        return function(x, axis=axis)

    return rule


def _best_so_far(best: np.ufunc) -> Callable[..., Any]:
    def running(x: Any, axis: int) -> Any:
        """Read where the best was last."""
        values = number(x)
        best_yet = best.accumulate(values, axis=axis)
        places = np.arange(values.shape[axis]).reshape([-1] + [1] * (values.ndim - 1 - axis))
        last = np.maximum.accumulate(np.where(values == best_yet, places, 0), axis=axis)
        return np.take_along_axis(x, last, axis)

    return running


def _running_logsumexp(x: Any, axis: int) -> Any:
    rows = np.moveaxis(x, axis, 0)
    found = [rows[0]]
    for row in list(rows)[1:]:
        found.append(np.logaddexp(found[-1], row))
    return np.stack(found, axis=axis)


def _over_windows(function: Callable[..., Any], filling: float) -> Rule:
    def rule(given: list[Any], params: Any, equation: Any) -> Any:
        x, sizes = given[0], tuple(params["window_dimensions"])
        if set(params["base_dilation"]) | set(params["window_dilation"]) != {1}:
            raise NotImplementedError
        if any(pair != (0, 0) for pair in params["padding"]):
            x = np.pad(x, params["padding"], constant_values=filling)
        seen = np.lib.stride_tricks.sliding_window_view(x, sizes, axis=tuple(range(len(sizes))))
        if any(step != 1 for step in params["window_strides"]):
            seen = seen[tuple(slice(None, None, step) for step in params["window_strides"])]
        return function(seen, axis=tuple(range(len(sizes), 2 * len(sizes))))

    return rule


def _convolution(given: list[Any], params: Any, equation: Any) -> Any:
    (x, kernel), numbers = given, params["dimension_numbers"]
    padding = [tuple(pair) for pair in params["padding"]]
    if params["batch_group_count"] != 1 or any(end < 0 for pair in padding for end in pair):
        raise NotImplementedError
    x, kernel = np.transpose(x, numbers.lhs_spec), np.transpose(kernel, numbers.rhs_spec)
    apart = tuple(params["lhs_dilation"])
    if set(apart) != {1}:
        lengths = [(n - 1) * step + 1 for n, step in zip(x.shape[2:], apart, strict=True)]
        index = (..., *(slice(None, None, step) for step in apart))
        x = indexing.SCATTER(x, index=index, shape=(*x.shape[:2], *lengths))
    out = convolution(len(padding))(
        x,
        kernel,
        stride=tuple(params["window_strides"]),
        padding=padding,
        dilation=tuple(params["rhs_dilation"]),
        groups=params["feature_group_count"],
    )
    return np.transpose(out, np.argsort(numbers.out_spec))


def _sort(given: list[Any], params: Any, equation: Any) -> Any:
    axis = params["dimension"]
    if params["num_keys"] != 1:
        raise NotImplementedError
    if len(given) == 1:
        return [np.sort(given[0], axis=axis)]
    order = np.argsort(number(given[0]), axis=axis, kind="stable")
    return [np.take_along_axis(each, order, axis=axis) for each in given]


def _top_k(given: list[Any], params: Any, equation: Any) -> Any:
    (x,), k = given, params["k"]
    if params.get("axis", -1) not in (-1, np.ndim(number(x)) - 1):
        raise NotImplementedError
    order = np.argsort(-number(x), axis=-1, kind="stable")[..., :k]
    return [np.take_along_axis(x, order, axis=-1), order.astype(np.int32)]


def _dot(given: list[Any], params: Any, equation: Any) -> Any:
    (a, b), ((ca, cb), (ba, bb)) = given, params["dimension_numbers"]
    ca, cb, ba, bb = map(tuple, (ca, cb, ba, bb))
    m, n = np.ndim(number(a)), np.ndim(number(b))
    if not ba and m and ca == (m - 1,) and cb == (0,) and n in (1, 2):
        return a @ b
    leading = tuple(range(len(ba)))
    if ba == bb == leading and m == n == len(ba) + 2 and ca == (m - 1,) and cb == (n - 2,):
        return a @ b
    letters = iter(string.ascii_letters)
    of_a = {axis: next(letters) for axis in range(m)}
    shared = {**dict(zip(cb, ca, strict=True)), **dict(zip(bb, ba, strict=True))}
    of_b = {axis: of_a[shared[axis]] if axis in shared else next(letters) for axis in range(n)}
    batch = [of_a[axis] for axis in ba]
    free = [of_a[axis] for axis in range(m) if axis not in (*ca, *ba)]
    free += [of_b[axis] for axis in range(n) if axis not in (*cb, *bb)]
    said = f"{''.join(of_a.values())},{''.join(of_b.values())}->{''.join(batch + free)}"
    return np.einsum(said, a, b)


RULES: dict[str, Rule] = {
    "reduce_sum": _reduction(np.sum),
    "reduce_prod": _reduction(np.prod),
    "reduce_max": _reduction(np.max),
    "reduce_min": _reduction(np.min),
    "reduce_and": _reduction(np.all),
    "reduce_or": _reduction(np.any),
    "argmax": _arg(np.argmax),
    "argmin": _arg(np.argmin),
    "cumsum": _cumulative(np.cumsum),
    "cumprod": _cumulative(np.cumprod),
    "cummax": _cumulative(_best_so_far(np.maximum)),
    "cummin": _cumulative(_best_so_far(np.minimum)),
    "cumlogsumexp": _cumulative(_running_logsumexp),
    "reduce_window_sum": _over_windows(np.sum, 0.0),
    "reduce_window_max": _over_windows(np.max, -np.inf),
    "reduce_window_min": _over_windows(np.min, np.inf),
    "conv_general_dilated": _convolution,
    "sort": _sort,
    "top_k": _top_k,
    "dot_general": _dot,
}
