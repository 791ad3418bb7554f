"""Elementwise functions: exponentials and logarithms, of circles and hyperbolas, and their kin.

Derivatives: Abramowitz and Stegun, Handbook of Mathematical Functions, 4.2 to 4.6 and 7.1.
"""

# A rule takes whatever answers NumPy's names, so the arguments of its lambda have no type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
from typing import Any

import numpy as np

from byhand.ops import signs
from byhand.ops.elementwise import elementwise
from byhand.ops.op import ABOVE_ONE, NONZERO, POSITIVE, REAL, UNIT


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


EXP = elementwise(
    "exp",
    lambda g, out, x: g * out,
    domain=REAL,
    triton="tl.exp({0})",
    scalar="math.exp({0})",
    sign=signs.positive,
    formula=r"\exp",
)
EXP2 = elementwise(
    "exp2",
    lambda g, out, x: g * out * math.log(2),
    domain=REAL,
    aliases=("torch.special.exp2",),
    sign=signs.positive,
)
EXPM1 = elementwise(
    "expm1",
    lambda g, out, x: g * (out + 1),
    domain=REAL,
    aliases=("torch.special.expm1",),
    scalar="math.expm1({0})",
)
LOG = elementwise(
    "log",
    lambda g, out, x: g / x,
    domain=POSITIVE,
    triton="tl.log({0})",
    scalar="math.log({0})",
    poles=(0,),
    formula=r"\log",
)
LOG2 = elementwise(
    "log2",
    lambda g, out, x: g / (x * math.log(2)),
    domain=POSITIVE,
    scalar="math.log2({0})",
    poles=(0,),
)
LOG10 = elementwise(
    "log10",
    lambda g, out, x: g / (x * math.log(10)),
    domain=POSITIVE,
    scalar="math.log10({0})",
    poles=(0,),
)
LOG1P = elementwise(
    "log1p",
    lambda g, out, x: g / (1 + x),
    domain=POSITIVE,
    aliases=("torch.special.log1p",),
    triton="tl.log(1 + ({0}))",
    scalar="math.log1p({0})",
)
SIN = elementwise(
    "sin",
    lambda g, out, x: g * np.cos(x),
    domain=REAL,
    scalar="math.sin({0})",
    formula=r"\sin",
    triton="tl.sin({0})",
)
COS = elementwise(
    "cos",
    lambda g, out, x: -g * np.sin(x),
    domain=REAL,
    scalar="math.cos({0})",
    formula=r"\cos",
    triton="tl.cos({0})",
)
TAN = elementwise(
    "tan", lambda g, out, x: g * (1 + out**2), domain=UNIT, scalar="math.tan({0})", formula=r"\tan"
)
ARCSIN = elementwise(
    "arcsin",
    lambda g, out, x: g / np.sqrt(1 - x**2),
    domain=UNIT,
    aliases=("torch.asin",),
    scalar="math.asin({0})",
)
ARCCOS = elementwise(
    "arccos",
    lambda g, out, x: -g / np.sqrt(1 - x**2),
    domain=UNIT,
    aliases=("torch.acos",),
    scalar="math.acos({0})",
)
ARCTAN = elementwise(
    "arctan",
    lambda g, out, x: g / (1 + x**2),
    domain=REAL,
    aliases=("torch.atan",),
    scalar="math.atan({0})",
    formula=r"\arctan",
)
ARCTAN2 = elementwise(
    "arctan2",
    lambda g, out, x, y: g * y / (x**2 + y**2),
    lambda g, out, x, y: -g * x / (x**2 + y**2),
    domain=NONZERO,
    aliases=("torch.atan2",),
    scalar="math.atan2({0}, {1})",
)
SINH = elementwise(
    "sinh", lambda g, out, x: g * np.cosh(x), domain=REAL, scalar="math.sinh({0})", formula=r"\sinh"
)
COSH = elementwise(
    "cosh",
    lambda g, out, x: g * np.sinh(x),
    domain=REAL,
    scalar="math.cosh({0})",
    sign=signs.positive,
    formula=r"\cosh",
)
TANH = elementwise(
    "tanh",
    lambda g, out, x: g * (1 - out**2),
    domain=REAL,
    triton="2 * tl.sigmoid(2 * ({0})) - 1",
    scalar="math.tanh({0})",
    formula=r"\tanh",
)
ARCSINH = elementwise(
    "arcsinh",
    lambda g, out, x: g / np.sqrt(x**2 + 1),
    domain=REAL,
    aliases=("torch.asinh",),
    scalar="math.asinh({0})",
)
ARCCOSH = elementwise(
    "arccosh",
    lambda g, out, x: g / np.sqrt(x**2 - 1),
    domain=ABOVE_ONE,
    aliases=("torch.acosh",),
    scalar="math.acosh({0})",
)
ARCTANH = elementwise(
    "arctanh",
    lambda g, out, x: g / (1 - x**2),
    domain=UNIT,
    aliases=("torch.atanh",),
    scalar="math.atanh({0})",
)
SIGMOID = elementwise(
    "sigmoid",
    lambda g, out, x: g * out * (1 - out),
    domain=REAL,
    forward=_sigmoid,
    numpy="1 / (1 + np.exp(-{0}))",
    torch="torch.sigmoid({0})",
    aliases=("torch.special.expit",),
    formula=r"\sigma",
    sign=signs.positive,
    triton="tl.sigmoid({0})",
)
ERF = elementwise(
    "erf",
    lambda g, out, x: g * (2 / math.sqrt(math.pi)) * np.exp(-(x**2)),
    domain=REAL,
    forward=_erf,
    numpy="np.vectorize(math.erf)({0})",
    torch="torch.erf({0})",
    aliases=("torch.special.erf",),
    triton="tl.erf({0})",
)
LOGADDEXP = elementwise(
    "logaddexp",
    lambda g, out, x, y: g * np.exp(x - out),
    lambda g, out, x, y: g * np.exp(y - out),
    domain=REAL,
    sign=signs.of_logaddexp,
)
