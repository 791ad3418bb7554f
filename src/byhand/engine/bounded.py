"""Numbers that know how wrong rounding may have made them.

A bounded number is a value and, for each element, how many units of rounding it may be off: the
true value lies within `error * eps` of the computed one, to first order, where eps is the unit
roundoff of whatever float type is used. The value is computed in float64; the same `error` then
serves for float32, with a larger eps.

This is running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.,
3.3): each op passes on the errors of its arguments, multiplied by its local derivatives, and adds
a rounding of its own. What a sum adds is bounded from the mass of its terms, the sum of their
absolute values: terms may cancel, their roundings don't. So a gradient that is zero only because
its terms cancel gets a bound that its computed value, which is rounding noise, stays within.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from byhand.engine.backward import computed_first_to_last, fit
from byhand.engine.tensor import Tensor
from byhand.ops.arraylike import ArrayLike
from byhand.ops.op import Op
from byhand.values.arrays import Array


class Bounded(ArrayLike):
    """A float64 array `value` and an array `error` of the same shape, in units of eps."""

    __slots__ = ("error", "value")

    def __init__(self, value: Array, error: Array) -> None:
        self.value = value
        self.error = error

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        values = [a.value if isinstance(a, Bounded) else a for a in args]
        value = np.asarray(op.forward(*values, **params))
        return bounded(op, args, values, value, params) if value.dtype.kind == "f" else value


def bounds(outputs: list[Tensor]) -> dict[Tensor, Bounded]:
    """Every tensor that the outputs were computed from, with the error its rounding may have.

    Inputs are off by one rounding: the run that is judged may have rounded them to its own type.
    """
    known: dict[Tensor, Bounded] = {}
    for tensor in computed_first_to_last(outputs):
        value = tensor.value
        if tensor.op is None:
            known[tensor] = Bounded(
                value, np.abs(value) if np.isfinite(value).all() else _own(value)
            )
        else:
            args = tuple(known[a] if isinstance(a, Tensor) else a for a in tensor.args)
            values = tensor.arg_values
            known[tensor] = bounded(tensor.op, args, values, value, tensor.params)
    return known


def bounded(
    op: Op, args: tuple[Any, ...], values: list[Any], value: Array, params: Mapping[str, Any]
) -> Bounded:
    """The result `value` of `op` with its error; `args` are the arguments, bounded or plain."""
    with np.errstate(all="ignore"):
        error = _error_of(op, args, values, value, params, operator.mul)
        if op.structure == "opaque" or not math.isfinite(np.add.reduce(error, axis=None)):
            error = _error_of(op, args, values, value, params, _passed_on)
            # A slope that is no number: 0 is taken.
            error = np.where(np.isnan(error), np.abs(value), error)
            # What is infinite or NaN is not off by any rounding; it must not spread into the rest.
            error = np.where(np.isfinite(value), error, 0.0)
    return Bounded(value, error)


def _error_of(
    op: Op,
    args: tuple[Any, ...],
    values: list[Any],
    value: Array,
    params: Mapping[str, Any],
    passed_on: Callable[[Any, Any], Any],
) -> Array:
    """The error by the structure of an op; `passed_on` says what comes of one on its way through a
    slope, which is nearly always their product."""
    match op.structure:
        case "elementwise":
            return _elementwise(op, args, values, value, params, passed_on)
        case "reduction":
            return _reduction(op, args[0], value, params, passed_on)
        case "selection":
            return np.asarray(op.forward(*map(_error, args), **_unmarked(params)))
        case "multilinear":
            return _multilinear(op, args, values, params)
        case "dense":
            return _dense(op, args, values, value, params)
        case "opaque":
            return _own(value) + np.max(_own(value), initial=0.0)


def _own(value: Any) -> Any:
    """The rounding of a number itself: one unit of its size, none where it isn't finite."""
    size = np.abs(value)
    return np.where(np.isfinite(size), size, 0.0)


def _error(arg: Any) -> Any:
    """The error that an argument brings along. Whole numbers are exact."""
    if isinstance(arg, Bounded):
        return arg.error
    if isinstance(arg, int):
        return 0.0
    array = np.asarray(arg)
    if array.dtype.kind != "f":
        return np.zeros(array.shape)
    return _own(array)


def _elementwise(
    op: Op,
    args: tuple[Any, ...],
    values: list[Any],
    value: Array,
    params: Mapping[str, Any],
    passed_on: Callable[[Any, Any], Any],
) -> Array:
    error = np.abs(value)
    for position, arg in enumerate(args):
        vjp = op.vjps[position]
        if vjp is None or isinstance(arg, int):
            continue
        slope = vjp(1.0, value, *values, **params)
        error = error + passed_on(np.abs(slope), _error(arg))
    return error if error.shape == value.shape else np.broadcast_to(error, value.shape)


def _passed_on(slope: Any, error: Any) -> Any:
    """What comes of an error on its way through an op; nothing where the slope is 0, even of an
    error without bounds."""
    share = slope * error
    if np.isnan(np.add.reduce(share, axis=None)):
        return np.where(slope == 0, 0.0, share)
    return share


def _reduction(
    op: Op,
    arg: Bounded,
    value: Array,
    params: Mapping[str, Any],
    passed_on: Callable[[Any, Any], Any],
) -> Array:
    x = arg.value
    axis, keepdims = params.get("axis"), params.get("keepdims", False)
    vjp = op.vjps[0]
    if vjp is None:
        return np.zeros(value.shape)
    slope = np.abs(vjp(np.ones_like(value), value, x, **params))
    roundings = _of_a_sum(x.size // max(1, value.size))
    terms = passed_on(slope, arg.error + roundings * _own(x))
    return np.asarray(np.abs(value) + terms.sum(axis, keepdims=keepdims))


def _of_a_sum(n: int) -> float:
    """How many units of each of its terms a sum of `n` may be off.

    It rounds n times. The roundings mostly cancel, down to their square root; where terms are alike
    and added one by one, some of them don't.
    """
    return math.sqrt(max(1, n)) + n / 32


def _multilinear(
    op: Op, args: tuple[Any, ...], values: list[Any], params: Mapping[str, Any]
) -> Array:
    sizes = [np.abs(v) for v in values]
    longest = max((n for s in sizes for n in s.shape), default=1)
    error: Any = _of_a_sum(longest) * op.forward(*sizes, **params)
    for position, arg in enumerate(args):
        one = [*sizes[:position], np.asarray(_error(arg)), *sizes[position + 1 :]]
        error = error + op.forward(*one, **params)
    return np.asarray(error)


def _dense(
    op: Op, args: tuple[Any, ...], values: list[Any], value: Array, params: Mapping[str, Any]
) -> Array:
    error: Array = np.abs(value).ravel()
    for position, arg in enumerate(args):
        vjp = op.vjp(position)
        if vjp is None:
            continue
        brought = _error(arg) + np.abs(values[position])
        for i in range(value.size):
            one = np.zeros(value.size)
            one[i] = 1.0
            slope = fit(vjp(one.reshape(value.shape), value, *values, **params), brought.shape)
            error[i] += np.sum(np.abs(slope) * brought)
    return error.reshape(value.shape)


def _unmarked(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Parameters for a selection of errors: what is padded with a constant brings no error."""
    return {**params, "constant_values": 0.0} if params.get("constant_values") else params
