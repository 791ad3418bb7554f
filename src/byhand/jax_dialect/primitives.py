# pyright: basic
"""What each primitive of JAX's is in NumPy's words. A rule takes what an equation is given, its
parameters and itself; what it can't say it raises NotImplementedError for.

The primitives are documented in `jax.lax` (https://docs.jax.dev/en/latest/jax.lax.html).
"""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from byhand.engine.tensor import Tensor
from byhand.ops import CALLED, elementwise, indexing
from byhand.torch_dialect.layers import convolution

Rule = Callable[[list[Any], Any, Any], Any]


def number(value: Any) -> Any:
    """A tensor's value, where only that matters."""
    return value.value if isinstance(value, Tensor) else value


def _shape(equation: Any) -> tuple[int, ...]:
    return tuple(equation.outvars[0].aval.shape)


def _plainly(function: Callable[..., Any]) -> Rule:
    """A function of the arguments alone."""
    return lambda given, params, equation: function(*given)


# Element by element.

_UFUNCS = {
    **{name: op for name, op in CALLED.items() if op.family == "elementwise"},
    "max": np.maximum,
    "min": np.minimum,
    "is_finite": np.isfinite,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "logistic": elementwise.SIGMOID,
    "erfc": lambda x: 1 - elementwise.ERF(x),
    "clamp": lambda a, x, b: np.clip(x, a, b),
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "not": np.invert,
    "rem": np.fmod,
    "add_any": np.add,
}


def _divide(given: list[Any], params: Any, equation: Any) -> Any:
    a, b = given
    if not isinstance(a, Tensor) and np.asarray(a).dtype.kind != "f":
        raise NotImplementedError  # JAX rounds towards zero
    return a / b


def _round(given: list[Any], params: Any, equation: Any) -> Any:
    if int(params["rounding_method"]) != int(jax.lax.RoundingMethod.TO_NEAREST_EVEN):
        raise NotImplementedError
    return np.rint(given[0])


def _select(given: list[Any], params: Any, equation: Any) -> Any:
    which, *cases = given
    which = number(which)
    if np.ndim(which) == 0 and np.shape(cases[int(which)]) == _shape(equation):
        return cases[int(which)]
    found = cases[0]
    for i, case in enumerate(cases[1:], start=1):
        found = np.where(np.asarray(which) == i, case, found)
    return found


def _as_type(given: list[Any], params: Any, equation: Any) -> Any:
    (x,), kind = given, np.dtype(params["new_dtype"])
    if isinstance(x, Tensor):
        return x if _is_float(kind) else np.asarray(x.value).astype(kind)
    return np.asarray(x).astype(np.float64 if _is_float(kind) else kind)


def _is_float(kind: np.dtype[Any]) -> bool:
    return kind.kind == "f" or kind.name == "bfloat16"


_ELEMENTWISE: dict[str, Rule] = {
    **{name: _plainly(function) for name, function in _UFUNCS.items()},
    "div": _divide,
    "integer_pow": lambda given, params, equation: given[0] ** params["y"],
    "round": _round,
    "select_n": _select,
    "convert_element_type": _as_type,
    "reduce_precision": lambda given, params, equation: given[0],
    "stop_gradient": lambda given, params, equation: number(given[0]),
}
ELEMENTWISE = frozenset(_ELEMENTWISE) - {"convert_element_type", "reduce_precision"}


# Along axes.


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


_ALONG: dict[str, Rule] = {
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


# Elements moved about.


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
    flat = np.arange(int(np.prod(shape))).reshape(shape)
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


_MOVING: dict[str, Rule] = {
    "iota": _iota,
    "reshape": lambda given, params, equation: given[0].reshape(_shape(equation)),
    "transpose": lambda given, params, equation: np.transpose(given[0], params["permutation"]),
    "squeeze": lambda given, params, equation: given[0].reshape(_shape(equation)),
    "expand_dims": lambda given, params, equation: given[0].reshape(_shape(equation)),
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

RULES: dict[str, Rule] = {**_ELEMENTWISE, **_ALONG, **_MOVING}
