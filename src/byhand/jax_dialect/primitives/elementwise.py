# pyright: basic
"""JAX's primitives that work element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from byhand.engine.tensor import Tensor
from byhand.jax_dialect.primitives.rule import Rule, number, shape_of
from byhand.ops import CALLED, functions


def _plainly(function: Callable[..., Any]) -> Rule:
    """A function of the arguments alone."""
    return lambda given, params, equation: function(*given)


_UFUNCS = {
    **{name: op for name, op in CALLED.items() if op.family == "elementwise"},
    "max": np.maximum,
    "min": np.minimum,
    "is_finite": np.isfinite,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "logistic": functions.SIGMOID,
    "erfc": lambda x: 1 - functions.ERF(x),
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
    if np.ndim(which) == 0 and np.shape(cases[int(which)]) == shape_of(equation):
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


RULES: dict[str, Rule] = {
    **{name: _plainly(function) for name, function in _UFUNCS.items()},
    "div": _divide,
    "integer_pow": lambda given, params, equation: given[0] ** params["y"],
    "round": _round,
    "select_n": _select,
    "convert_element_type": _as_type,
    "reduce_precision": lambda given, params, equation: given[0],
    "stop_gradient": lambda given, params, equation: number(given[0]),
}
ELEMENTWISE = frozenset(RULES) - {"convert_element_type", "reduce_precision"}
