"""Elementwise ops: an output element depends on the input elements at the same place.

Derivatives: Abramowitz and Stegun, Handbook of Mathematical Functions, 3.3, 4.2 to 4.6 and 7.1.
"""

# A rule takes whatever answers NumPy's names, so the arguments of its lambda have no type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.ops.op import (
    ABOVE_ONE,
    BOOLEAN,
    NONZERO,
    POSITIVE,
    REAL,
    UNIT,
    Domain,
    Op,
    Sample,
    Vjp,
    sample,
)

ONE_ARGUMENT = (sample(()), sample((3, 4)), sample((1, 4)), sample((0, 3)))
TWO_ARGUMENTS = (
    sample((), ()),
    sample((3, 4), (3, 4)),
    sample((3, 4), (4,)),
    sample((3, 1), (1, 4)),
    sample((), (3,)),
    sample((0, 3), (1, 3)),
)
THREE_ARGUMENTS = (
    sample((3, 4), (3, 4), (3, 4)),
    sample((3, 4), (4,), ()),
    sample((3, 1), (1, 4), (3, 4)),
    sample((0, 3), (1, 3), ()),
)
_SAMPLES: dict[int, tuple[Sample, ...]] = {1: ONE_ARGUMENT, 2: TWO_ARGUMENTS, 3: THREE_ARGUMENTS}


def elementwise(
    name: str, forward: Callable[..., Any], *vjps: Vjp | None, domain: Domain | tuple[Domain, ...]
) -> Op:
    domains = domain if isinstance(domain, tuple) else (domain,) * len(vjps)
    samples = _SAMPLES[len(vjps)]
    return Op(name, "elementwise", "elementwise", forward, vjps, domains, samples)


def _sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow at either end."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def _erf(x: Any) -> Any:
    # NumPy has no erf; math.erf is right to the last digit, if slow.
    x = np.asarray(x)
    dtype = x.dtype if np.issubdtype(x.dtype, np.floating) else np.float64
    flat = np.fromiter(map(math.erf, x.ravel().tolist()), dtype=dtype, count=x.size)
    return flat.reshape(x.shape)


# One argument.
POSITIVE_OF = elementwise("positive", np.positive, lambda g, out, x: g, domain=REAL)
NEGATIVE = elementwise("negative", np.negative, lambda g, out, x: -g, domain=REAL)
ABSOLUTE = elementwise("absolute", np.absolute, lambda g, out, x: g * np.sign(x), domain=NONZERO)
EXP = elementwise("exp", np.exp, lambda g, out, x: g * out, domain=REAL)
EXP2 = elementwise("exp2", np.exp2, lambda g, out, x: g * out * math.log(2), domain=REAL)
EXPM1 = elementwise("expm1", np.expm1, lambda g, out, x: g * (out + 1), domain=REAL)
LOG = elementwise("log", np.log, lambda g, out, x: g / x, domain=POSITIVE)
LOG2 = elementwise("log2", np.log2, lambda g, out, x: g / (x * math.log(2)), domain=POSITIVE)
LOG10 = elementwise("log10", np.log10, lambda g, out, x: g / (x * math.log(10)), domain=POSITIVE)
LOG1P = elementwise("log1p", np.log1p, lambda g, out, x: g / (1 + x), domain=POSITIVE)
SQRT = elementwise("sqrt", np.sqrt, lambda g, out, x: g / (2 * out), domain=POSITIVE)
CBRT = elementwise("cbrt", np.cbrt, lambda g, out, x: g / (3 * out**2), domain=NONZERO)
SQUARE = elementwise("square", np.square, lambda g, out, x: 2 * x * g, domain=REAL)
RECIPROCAL = elementwise("reciprocal", np.reciprocal, lambda g, out, x: -g * out**2, domain=NONZERO)
SIN = elementwise("sin", np.sin, lambda g, out, x: g * np.cos(x), domain=REAL)
COS = elementwise("cos", np.cos, lambda g, out, x: -g * np.sin(x), domain=REAL)
TAN = elementwise("tan", np.tan, lambda g, out, x: g * (1 + out**2), domain=UNIT)
ARCSIN = elementwise("arcsin", np.arcsin, lambda g, out, x: g / np.sqrt(1 - x**2), domain=UNIT)
ARCCOS = elementwise("arccos", np.arccos, lambda g, out, x: -g / np.sqrt(1 - x**2), domain=UNIT)
ARCTAN = elementwise("arctan", np.arctan, lambda g, out, x: g / (1 + x**2), domain=REAL)
SINH = elementwise("sinh", np.sinh, lambda g, out, x: g * np.cosh(x), domain=REAL)
COSH = elementwise("cosh", np.cosh, lambda g, out, x: g * np.sinh(x), domain=REAL)
TANH = elementwise("tanh", np.tanh, lambda g, out, x: g * (1 - out**2), domain=REAL)
ARCSINH = elementwise("arcsinh", np.arcsinh, lambda g, out, x: g / np.sqrt(x**2 + 1), domain=REAL)
ARCCOSH = elementwise(
    "arccosh", np.arccosh, lambda g, out, x: g / np.sqrt(x**2 - 1), domain=ABOVE_ONE
)
ARCTANH = elementwise("arctanh", np.arctanh, lambda g, out, x: g / (1 - x**2), domain=UNIT)
SIGMOID = elementwise("sigmoid", _sigmoid, lambda g, out, x: g * out * (1 - out), domain=REAL)
ERF = elementwise(
    "erf", _erf, lambda g, out, x: g * (2 / math.sqrt(math.pi)) * np.exp(-(x**2)), domain=REAL
)

# One argument, flat wherever it is smooth: there is nothing to pass back.
SIGN = elementwise("sign", np.sign, None, domain=NONZERO)
FLOOR = elementwise("floor", np.floor, None, domain=REAL)
CEIL = elementwise("ceil", np.ceil, None, domain=REAL)
RINT = elementwise("rint", np.rint, None, domain=REAL)

# Two arguments.
ADD = elementwise("add", np.add, lambda g, out, x, y: g, lambda g, out, x, y: g, domain=REAL)
SUBTRACT = elementwise(
    "subtract", np.subtract, lambda g, out, x, y: g, lambda g, out, x, y: -g, domain=REAL
)
MULTIPLY = elementwise(
    "multiply", np.multiply, lambda g, out, x, y: g * y, lambda g, out, x, y: g * x, domain=REAL
)
DIVIDE = elementwise(
    "divide",
    np.divide,
    lambda g, out, x, y: g / y,
    lambda g, out, x, y: -g * out / y,
    domain=(REAL, NONZERO),
)
POWER = elementwise(
    "power",
    operator.pow,  # the operator has shortcuts for x**2 and the like; np.power has none
    lambda g, out, x, y: g * y * x ** (y - 1),
    lambda g, out, x, y: g * out * np.log(x),
    domain=(POSITIVE, REAL),
)
ARCTAN2 = elementwise(
    "arctan2",
    np.arctan2,
    lambda g, out, x, y: g * y / (x**2 + y**2),
    lambda g, out, x, y: -g * x / (x**2 + y**2),
    domain=NONZERO,
)
HYPOT = elementwise(
    "hypot",
    np.hypot,
    lambda g, out, x, y: g * x / out,
    lambda g, out, x, y: g * y / out,
    domain=NONZERO,
)
LOGADDEXP = elementwise(
    "logaddexp",
    np.logaddexp,
    lambda g, out, x, y: g * np.exp(x - out),
    lambda g, out, x, y: g * np.exp(y - out),
    domain=REAL,
)
# Where both are equal any weights that add up to 1 are right; these give relu its usual 0 at 0.
MAXIMUM = elementwise(
    "maximum",
    np.maximum,
    lambda g, out, x, y: g * (x > y),
    lambda g, out, x, y: g * (x <= y),
    domain=REAL,
)
MINIMUM = elementwise(
    "minimum",
    np.minimum,
    lambda g, out, x, y: g * (x < y),
    lambda g, out, x, y: g * (x >= y),
    domain=REAL,
)

# Three arguments.
WHERE = elementwise(
    "where",
    np.where,
    None,
    lambda g, out, condition, x, y: np.where(condition, g, 0.0),
    lambda g, out, condition, x, y: np.where(condition, 0.0, g),
    domain=(BOOLEAN, REAL, REAL),
)
CLIP = elementwise(
    "clip",
    np.clip,
    lambda g, out, x, low, high: g * ((x > low) & (x < high)),
    lambda g, out, x, low, high: g * (x <= low),
    lambda g, out, x, low, high: g * (x >= high),
    domain=(
        REAL,
        Domain("below", lambda rng, shape: rng.uniform(-1.0, -0.3, shape)),
        Domain("above", lambda rng, shape: rng.uniform(0.3, 1.0, shape)),
    ),
)

# These give booleans; they are ops so that a rule that compares can be printed.
GREATER = elementwise("greater", np.greater, None, None, domain=REAL)
GREATER_EQUAL = elementwise("greater_equal", np.greater_equal, None, None, domain=REAL)
LESS = elementwise("less", np.less, None, None, domain=REAL)
LESS_EQUAL = elementwise("less_equal", np.less_equal, None, None, domain=REAL)
EQUAL = elementwise("equal", np.equal, None, None, domain=REAL)
NOT_EQUAL = elementwise("not_equal", np.not_equal, None, None, domain=REAL)
LOGICAL_AND = elementwise("logical_and", np.logical_and, None, None, domain=BOOLEAN)
LOGICAL_OR = elementwise("logical_or", np.logical_or, None, None, domain=BOOLEAN)
LOGICAL_NOT = elementwise("logical_not", np.logical_not, None, domain=BOOLEAN)
ISNAN = elementwise("isnan", np.isnan, None, domain=REAL)
ISINF = elementwise("isinf", np.isinf, None, domain=REAL)
ISFINITE = elementwise("isfinite", np.isfinite, None, domain=REAL)
