"""Ufuncs with options, and their methods: `np.add.reduce`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops.numpy_names.answers import op_of
from byhand.ops.numpy_names.reductions import cumprod, cumsum, max, min, prod, sum
from byhand.ops.reduction import LOGSUMEXP
from byhand.values.numpy_composites import ndim


def ufunc_method(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """The answer to a ufunc with options, or to one of its methods, as `np.add.reduce`."""
    name = f"np.{ufunc.__name__}"
    if kwargs.get("out") is not None:
        raise UnsupportedError(
            f"{name} can't write into an array (out=, or an operator as +=): write x = x + y, not "
            "x += y"
        )
    if kwargs.get("where") is not None:
        raise UnsupportedError(f"{name}(..., where=) has no rule: write np.where(condition, x, y)")
    match method:
        case "reduce" if ufunc in REDUCE:
            return REDUCE[ufunc](*inputs, **{"axis": 0, **kwargs})
        case "accumulate" if ufunc in ACCUMULATE:
            return ACCUMULATE[ufunc](*inputs, **{"axis": 0, **kwargs})
        case "outer" if (op := op_of(ufunc)) is not None and not kwargs:
            x, y = inputs
            return op(np.reshape(x, tuple(np.shape(x)) + (1,) * ndim(y)), y)
        case "at":
            raise UnsupportedError(
                f"{name}.at writes into an array: write out[index] = value, or add up rows by "
                "their number with np.eye(n)[index].T @ rows"
            )
        case "__call__":
            option = next(iter(kwargs))
            raise UnsupportedError(f"{name}(..., {option}=) has no rule: leave {option} out")
        case _:
            raise UnsupportedError(f"{name}.{method} has no rule: see the functions of np")


def _logsumexp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return LOGSUMEXP(a, axis=axis, keepdims=keepdims)


REDUCE: dict[np.ufunc, Callable[..., Any]] = {
    np.add: sum,
    np.multiply: prod,
    np.maximum: max,
    np.minimum: min,
    np.logaddexp: _logsumexp,
}
ACCUMULATE: dict[np.ufunc, Callable[..., Any]] = {np.add: cumsum, np.multiply: cumprod}
