"""The PyTorch and the JAX function of every op: who the ops are compared with.

Each takes the op's arrays and its parameters. Where a library has no such function, the entry is
written with functions that it has, never with an op.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch


def places(shape: tuple[int, ...]) -> np.ndarray:
    return np.arange(np.prod(shape, dtype=int)).reshape(shape)


def torch_pick(x: torch.Tensor, where: np.ndarray) -> torch.Tensor:
    """The elements of `x` with the numbers `where`."""
    return x.reshape(-1)[torch.from_numpy(np.array(where, dtype=np.int64))]


def torch_add_at(g: torch.Tensor, where: np.ndarray, shape: tuple[int, ...]) -> torch.Tensor:
    """Zeros of `shape`, with the elements of `g` added at the numbers `where`."""
    zeros = torch.zeros(int(np.prod(shape)), dtype=g.dtype)
    index = torch.from_numpy(np.array(where, dtype=np.int64)).reshape(-1)
    return zeros.index_add(0, index, g.reshape(-1)).reshape(shape)


def torch_put(x: torch.Tensor, value: torch.Tensor, index: Any) -> torch.Tensor:
    """Each element comes from x or from value: NumPy says from where, PyTorch picks."""
    source = places(tuple(x.shape))
    chosen = source[index]
    source[index] = x.numel() + places(tuple(value.shape))
    assert chosen.shape == np.broadcast_shapes(chosen.shape, tuple(value.shape))
    return torch_pick(torch.cat([x.reshape(-1), value.reshape(-1)]), source)


def axes_of(x: Any, axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(x.ndim))
    return tuple(a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,)))


def torch_prod(x: torch.Tensor, axis: Any = None, keepdims: bool = False) -> torch.Tensor:
    for a in sorted(axes_of(x, axis), reverse=True):
        x = torch.prod(x, a, keepdim=keepdims)
    return x


def torch_var(
    x: torch.Tensor, axis: Any = None, keepdims: bool = False, ddof: int = 0
) -> torch.Tensor:
    if x.numel() == 0:  # torch.var warns, even if no output has an empty group
        return torch.sum(x, axis, keepdim=keepdims)
    return torch.var(x, axis, correction=ddof, keepdim=keepdims)


def torch_logsumexp(x: torch.Tensor, axis: Any = None, keepdims: bool = False) -> torch.Tensor:
    return x if x.ndim == 0 else torch.logsumexp(x, axes_of(x, axis), keepdim=keepdims)


def torch_pad(x: torch.Tensor, pad_width: Any, constant_values: float = 0.0) -> torch.Tensor:
    pairs = [n for pair in reversed(pad_width) for n in pair]
    return torch.nn.functional.pad(x, pairs, value=constant_values)


def torch_windows(x: torch.Tensor, window_shape: Any, axis: Any) -> torch.Tensor:
    for n, a in zip(window_shape, axis, strict=True):
        x = x.unfold(a, n, 1)
    return x


def jax_windows(x: Any, window_shape: Any, axis: Any) -> Any:
    for n, a in zip(window_shape, axis, strict=True):
        rows = np.arange(x.shape[a] - n + 1)[:, None] + np.arange(n)
        x = jnp.moveaxis(jnp.take(x, rows, axis=a), a + 1, -1)
    return x


def jax_adjoint(function: Callable[[Any], Any], g: Any, shape: tuple[int, ...]) -> Any:
    """A linear function's adjoint."""
    return jax.vjp(function, jnp.zeros(shape, g.dtype))[1](g)[0]


def as_array(index: Any) -> Any:
    """JAX does not index with lists."""
    return np.asarray(index) if isinstance(index, list) else index


def same(module: Any, *names: str) -> dict[str, Callable[..., Any]]:
    return {name: getattr(module, name) for name in names}


TORCH: dict[str, Callable[..., Any]] = {
    **same(torch, "positive", "negative", "absolute", "exp", "exp2", "expm1", "log", "log2"),
    **same(torch, "log10", "log1p", "sqrt", "square", "reciprocal", "sin", "cos", "tan", "arcsin"),
    **same(torch, "arccos", "arctan", "sinh", "cosh", "tanh", "sigmoid", "erf", "sign", "floor"),
    **same(
        torch,
        "arcsinh",
        "arccosh",
        "arctanh",
        "ceil",
        "add",
        "subtract",
        "multiply",
        "divide",
        "arctan2",
        "hypot",
    ),
    **same(torch, "logaddexp", "maximum", "minimum", "where", "clip", "greater", "greater_equal"),
    **same(torch, "less", "less_equal", "not_equal", "logical_and", "logical_or", "logical_not"),
    **same(torch, "isnan", "isinf", "isfinite", "matmul"),
    **same(torch, "trunc", "floor_divide", "remainder", "fmod"),
    "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
    "rint": torch.round,
    "power": torch.pow,
    "equal": torch.eq,
    # Reductions.
    "sum": lambda x, axis=None, keepdims=False: torch.sum(x, axis, keepdim=keepdims),
    "mean": lambda x, axis=None, keepdims=False: torch.mean(x, axis, keepdim=keepdims),
    "prod": torch_prod,
    "max": lambda x, axis=None, keepdims=False: torch.amax(x, axes_of(x, axis), keepdim=keepdims),
    "min": lambda x, axis=None, keepdims=False: torch.amin(x, axes_of(x, axis), keepdim=keepdims),
    "var": torch_var,
    "std": lambda x, **params: torch.sqrt(torch_var(x, **params)),
    "logsumexp": torch_logsumexp,
    "cumsum": lambda x, axis: torch.cumsum(x, axis),
    "cumprod": lambda x, axis: torch.cumprod(x, axis),
    # Shape.
    "reshape": lambda x, shape: torch.reshape(x, (shape,) if isinstance(shape, int) else shape),
    "transpose": lambda x, axes=None: x.permute(axes or tuple(range(x.ndim))[::-1]),
    "expand_dims": lambda x, axis: x.reshape(np.expand_dims(np.empty(x.shape), axis).shape),
    "squeeze": lambda x, axis=None: x.squeeze() if axis is None else x.squeeze(axis),
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
    "concatenate": lambda *xs, axis=0: torch.cat(xs, axis),
    "stack": lambda *xs, axis=0: torch.stack(xs, axis),
    "split": lambda x, start, stop, axis: torch.narrow(x, axis, start, stop - start),
    "pad": torch_pad,
    "flip": lambda x, axis=None: torch.flip(x, axes_of(x, axis)),
    "roll": lambda x, shift, axis: torch.roll(x, shift, axis),
    "repeat": lambda x, repeats, axis: torch.repeat_interleave(x, torch.tensor(repeats), axis),
    "tile": lambda x, reps: torch.tile(x, reps),
    "tril": lambda x, k=0: torch.tril(x, k),
    "triu": lambda x, k=0: torch.triu(x, k),
    "diagonal": lambda x, offset=0, axis1=0, axis2=1: torch.diagonal(x, offset, axis1, axis2),
    "sliding_window_view": torch_windows,
    "overlap_add": lambda x, window_shape, axis, shape: torch_add_at(
        x, np.lib.stride_tricks.sliding_window_view(places(shape), window_shape, axis), shape
    ),
    # Linear algebra.
    "einsum": lambda *xs, subscripts: torch.einsum(subscripts, *xs),
    "outer": lambda x, y: torch.outer(x.reshape(-1), y.reshape(-1)),
    "inner": torch.inner,
    "tensordot": lambda x, y, axes: torch.tensordot(
        x, y, axes if isinstance(axes, int) else [[a] if isinstance(a, int) else a for a in axes]
    ),
    "trace": lambda x, offset=0, axis1=0, axis2=1: torch.diagonal(x, offset, axis1, axis2).sum(-1),
    "inv": torch.linalg.inv,
    "det": torch.linalg.det,
    "cholesky": torch.linalg.cholesky,
    "logabsdet": lambda x: torch.linalg.slogdet(x)[1],
    "detsign": lambda x: torch.linalg.slogdet(x)[0],
    "solve": torch.linalg.solve,
    # Indexing.
    "getitem": lambda x, index: torch_pick(x, places(tuple(x.shape))[index]),
    "scatter": lambda x, index, shape: torch_add_at(x, places(shape)[index], shape),
    "put": torch_put,
    "take": lambda x, indices, axis: torch_pick(x, np.take(places(tuple(x.shape)), indices, axis)),
    "take_along_axis": lambda x, indices, axis: torch.take_along_dim(
        x, torch.from_numpy(indices), axis
    ),
    "scatter_along_axis": lambda x, indices, axis, shape: torch_add_at(
        x, np.take_along_axis(places(shape), indices, axis), shape
    ),
    "sort": lambda x, axis=-1: torch.sort(x, axis).values,
    "argsort": lambda x, axis=-1: torch.argsort(x, axis),
    "argmax": lambda x, axis=None, keepdims=False: torch.argmax(x, axis, keepdim=keepdims),
    "argmin": lambda x, axis=None, keepdims=False: torch.argmin(x, axis, keepdim=keepdims),
}

JAX: dict[str, Callable[..., Any]] = {
    **same(jnp, "positive", "negative", "absolute", "exp", "exp2", "expm1", "log", "log2", "log10"),
    **same(jnp, "log1p", "sqrt", "cbrt", "square", "reciprocal", "sin", "cos", "tan", "arcsin"),
    **same(jnp, "arccos", "arctan", "sinh", "cosh", "tanh", "sign", "floor", "ceil", "rint", "add"),
    **same(
        jnp,
        "arcsinh",
        "arccosh",
        "arctanh",
        "subtract",
        "multiply",
        "divide",
        "power",
        "arctan2",
        "hypot",
        "logaddexp",
    ),
    **same(jnp, "maximum", "minimum", "where", "clip", "greater", "greater_equal", "less"),
    **same(jnp, "less_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_not"),
    **same(jnp, "trunc", "floor_divide", "remainder", "fmod"),
    **same(jnp, "isnan", "isinf", "isfinite", "sum", "mean", "prod", "max", "min", "var", "std"),
    **same(jnp, "cumsum", "cumprod", "reshape", "transpose", "expand_dims", "squeeze"),
    **same(jnp, "broadcast_to", "pad", "flip", "roll", "tile", "tril", "triu", "diagonal"),
    **same(jnp, "matmul", "outer", "inner", "tensordot", "trace", "take_along_axis", "sort"),
    **same(jnp, "argsort", "argmax", "argmin"),
    **same(jnp.linalg, "inv", "solve", "det"),
    "cholesky": jnp.linalg.cholesky,
    "logabsdet": lambda x: jnp.linalg.slogdet(x)[1],
    "detsign": lambda x: jnp.linalg.slogdet(x)[0],
    "sigmoid": jax.nn.sigmoid,
    "erf": jax.scipy.special.erf,
    "logsumexp": jax.nn.logsumexp,
    "concatenate": lambda *xs, axis=0: jnp.concatenate(xs, axis),
    "stack": lambda *xs, axis=0: jnp.stack(xs, axis),
    "split": lambda x, start, stop, axis: jax.lax.slice_in_dim(x, start, stop, axis=axis),
    "repeat": lambda x, repeats, axis: jnp.repeat(x, np.asarray(repeats), axis),
    "sliding_window_view": jax_windows,
    "overlap_add": lambda x, window_shape, axis, shape: jax_adjoint(
        lambda a: jax_windows(a, window_shape, axis), x, shape
    ),
    "einsum": lambda *xs, subscripts: jnp.einsum(subscripts, *xs),
    "getitem": lambda x, index: x[as_array(index)],
    "scatter": lambda x, index, shape: jnp.zeros(shape, x.dtype).at[as_array(index)].add(x),
    "put": lambda x, value, index: x.at[as_array(index)].set(value),
    "take": lambda x, indices, axis: jnp.take(x, np.asarray(indices), axis, mode="wrap"),
    "scatter_along_axis": lambda x, indices, axis, shape: jax_adjoint(
        lambda a: jnp.take_along_axis(a, indices, axis), x, shape
    ),
}
