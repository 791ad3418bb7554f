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

from byhand.ops import signs
from byhand.ops.axes import broadcast
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
from byhand.ops.spelling import Spelling

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
    name: str,
    *vjps: Vjp | None,
    domain: Domain | tuple[Domain, ...],
    forward: Callable[..., Any] | None = None,
    numpy: Spelling | None = None,
    **facts: Any,
) -> Op:
    """Computed by NumPy's function of this name, and written so, unless told otherwise."""
    domains = domain if isinstance(domain, tuple) else (domain,) * len(vjps)
    return Op(
        name,
        "elementwise",
        "elementwise",
        forward or getattr(np, name),
        vjps,
        domains,
        _SAMPLES[len(vjps)],
        numpy=f"np.{name}({{*}})" if numpy is None else numpy,
        axes=broadcast,
        **facts,
    )


def comparison(name: str, sign: str, holds: str, *torchs: str) -> Op:
    """It holds where x - y has one of the signs in `holds`."""
    return elementwise(
        name,
        None,
        None,
        domain=REAL,
        numpy=f"{{0}} {sign} {{1}}",
        scalar=f"({{0}} {sign} {{1}})",
        aliases=(f"np.{name}", *(f"torch.{each}" for each in torchs)),
        compares=holds,
        boolean=True,
        exact=True,
    )


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
POSITIVE_OF = elementwise(
    "positive",
    lambda g, out, x: g,
    domain=REAL,
    numpy="{0}",
    aliases=("np.positive", "np.copy", "torch.positive", "torch.clone"),
    scalar="{0}",
    sign=signs.of_the_first,
    exact=True,
)
NEGATIVE = elementwise(
    "negative",
    lambda g, out, x: -g,
    domain=REAL,
    numpy="-{0}",
    aliases=("np.negative", "torch.negative", "torch.neg"),
    scalar="(-{0})",
    exact=True,
)
ABSOLUTE = elementwise(
    "absolute",
    lambda g, out, x: g * np.sign(x),
    domain=NONZERO,
    numpy="np.abs({0})",
    aliases=("np.absolute", "np.fabs", "torch.absolute"),
    scalar="abs({0})",
    sign=signs.not_negative,
    quotient=True,
    kink="zero",
    exact=True,
)
EXP = elementwise(
    "exp",
    lambda g, out, x: g * out,
    domain=REAL,
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
    scalar="math.log1p({0})",
)
SQRT = elementwise(
    "sqrt",
    lambda g, out, x: g / (2 * out),
    domain=POSITIVE,
    scalar="math.sqrt({0})",
    sign=signs.of_a_root,
)
CBRT = elementwise(
    "cbrt",
    lambda g, out, x: g / (3 * out**2),
    domain=NONZERO,
    torch="torch.sign({0}) * torch.abs({0}) ** (1 / 3)",
    sign=signs.of_the_first,
)
SQUARE = elementwise(
    "square",
    lambda g, out, x: 2 * x * g,
    domain=REAL,
    scalar="({0} * {0})",
    sign=signs.not_negative,
)
RECIPROCAL = elementwise(
    "reciprocal",
    lambda g, out, x: -g * out**2,
    domain=NONZERO,
    scalar="(1 / {0})",
    sign=signs.of_the_first,
    poles=(0,),
)
SIN = elementwise(
    "sin", lambda g, out, x: g * np.cos(x), domain=REAL, scalar="math.sin({0})", formula=r"\sin"
)
COS = elementwise(
    "cos", lambda g, out, x: -g * np.sin(x), domain=REAL, scalar="math.cos({0})", formula=r"\cos"
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
)
ERF = elementwise(
    "erf",
    lambda g, out, x: g * (2 / math.sqrt(math.pi)) * np.exp(-(x**2)),
    domain=REAL,
    forward=_erf,
    numpy="np.vectorize(math.erf)({0})",
    torch="torch.erf({0})",
    aliases=("torch.special.erf",),
)

# One argument, flat wherever it is smooth: there is nothing to pass back.
SIGN = elementwise(
    "sign", None, domain=NONZERO, aliases=("torch.sgn",), scalar="sign({0})", exact=True
)
FLOOR = elementwise("floor", None, domain=REAL, scalar="math.floor({0})", exact=True)
CEIL = elementwise("ceil", None, domain=REAL, scalar="math.ceil({0})", exact=True)
TRUNC = elementwise(
    "trunc",
    None,
    domain=REAL,
    aliases=("np.fix", "torch.fix"),
    scalar="math.trunc({0})",
    exact=True,
)
RINT = elementwise(
    "rint",
    None,
    domain=REAL,
    torch="torch.round({0})",
    aliases=("torch.special.round",),
    exact=True,
)

# Two arguments.
ADD = elementwise(
    "add",
    lambda g, out, x, y: g,
    lambda g, out, x, y: g,
    domain=REAL,
    numpy="{0} + {1}",
    aliases=("np.add", "torch.add"),
    scalar="({0} + {1})",
    noun="sum",
    sign=signs.of_a_sum,
)
SUBTRACT = elementwise(
    "subtract",
    lambda g, out, x, y: g,
    lambda g, out, x, y: -g,
    domain=REAL,
    numpy="{0} - {1}",
    aliases=("np.subtract", "torch.subtract", "torch.sub"),
    scalar="({0} - {1})",
    noun="difference",
)
MULTIPLY = elementwise(
    "multiply",
    lambda g, out, x, y: g * y,
    lambda g, out, x, y: g * x,
    domain=REAL,
    numpy="{0} * {1}",
    aliases=("np.multiply", "torch.multiply", "torch.mul"),
    scalar="({0} * {1})",
    noun="product",
    sign=signs.weakest,
)
DIVIDE = elementwise(
    "divide",
    lambda g, out, x, y: g / y,
    lambda g, out, x, y: -g * out / y,
    domain=(REAL, NONZERO),
    numpy="{0} / {1}",
    aliases=("np.divide", "np.true_divide", "torch.divide", "torch.true_divide", "torch.div"),
    scalar="({0} / {1})",
    noun="ratio",
    sign=signs.weakest,
    poles=(1,),
)
# Quotients that are whole, and what remains: the two differ in how they round.
FLOOR_DIVIDE = elementwise(
    "floor_divide",
    None,
    None,
    domain=(REAL, NONZERO),
    numpy="{0} // {1}",
    aliases=("np.floor_divide", "torch.floor_divide"),
    scalar="({0} // {1})",
    poles=(1,),
    exact=True,
)
REMAINDER = elementwise(
    "remainder",
    lambda g, out, x, y: g,
    lambda g, out, x, y: -g * (x // y),
    domain=(REAL, NONZERO),
    numpy="{0} % {1}",
    aliases=("np.remainder", "np.mod", "torch.remainder"),
    scalar="({0} % {1})",
    poles=(1,),
    kink="arguments",
)
FMOD = elementwise(
    "fmod",
    lambda g, out, x, y: g,
    lambda g, out, x, y: -g * np.trunc(x / y),
    domain=(REAL, NONZERO),
    poles=(1,),
    kink="arguments",
    exact=True,
)
POWER = elementwise(
    "power",
    lambda g, out, x, y: g * y * x ** (y - 1),
    lambda g, out, x, y: g * out * np.log(x),
    domain=(POSITIVE, REAL),
    forward=operator.pow,  # it has shortcuts for x**2 and the like; np.power has none
    numpy="{0} ** {1}",
    aliases=("np.power", "torch.pow", "torch.float_power"),
    scalar="({0} ** {1})",
    sign=signs.of_a_power,
    quotient=True,
)
ARCTAN2 = elementwise(
    "arctan2",
    lambda g, out, x, y: g * y / (x**2 + y**2),
    lambda g, out, x, y: -g * x / (x**2 + y**2),
    domain=NONZERO,
    aliases=("torch.atan2",),
    scalar="math.atan2({0}, {1})",
)
HYPOT = elementwise(
    "hypot",
    lambda g, out, x, y: g * x / out,
    lambda g, out, x, y: g * y / out,
    domain=NONZERO,
    scalar="math.hypot({0}, {1})",
    sign=signs.not_negative,
)
LOGADDEXP = elementwise(
    "logaddexp",
    lambda g, out, x, y: g * np.exp(x - out),
    lambda g, out, x, y: g * np.exp(y - out),
    domain=REAL,
    sign=signs.of_logaddexp,
)
# Where both are equal any weights that add up to 1 are right; these give relu its usual 0 at 0.
MAXIMUM = elementwise(
    "maximum",
    lambda g, out, x, y: g * (x > y),
    lambda g, out, x, y: g * (x <= y),
    domain=REAL,
    aliases=("torch.fmax",),
    formula=r"\max",
    scalar="larger({0}, {1})",
    sign=signs.strongest,
    kink="arguments",
    exact=True,
)
MINIMUM = elementwise(
    "minimum",
    lambda g, out, x, y: g * (x < y),
    lambda g, out, x, y: g * (x >= y),
    domain=REAL,
    aliases=("torch.fmin",),
    formula=r"\min",
    scalar="smaller({0}, {1})",
    kink="arguments",
    exact=True,
)

# Three arguments.
WHERE = elementwise(
    "where",
    None,
    lambda g, out, condition, x, y: np.where(condition, g, 0.0),
    lambda g, out, condition, x, y: np.where(condition, 0.0, g),
    domain=(BOOLEAN, REAL, REAL),
    scalar="({1} if {0} else {2})",
    noun="chosen",
    exact=True,
)
CLIP = elementwise(
    "clip",
    lambda g, out, x, low, high: g * ((x > low) & (x < high)),
    lambda g, out, x, low, high: g * (x <= low),
    lambda g, out, x, low, high: g * (x >= high),
    domain=(
        REAL,
        Domain("below", lambda rng, shape: rng.uniform(-1.0, -0.3, shape)),
        Domain("above", lambda rng, shape: rng.uniform(0.3, 1.0, shape)),
    ),
    torch="torch.clamp({*})",
    aliases=("torch.clip",),
    kink="arguments",
    exact=True,
)

# These give booleans; they are ops so that a rule that compares can be printed.
GREATER = comparison("greater", ">", ">", "gt", "greater")
GREATER_EQUAL = comparison("greater_equal", ">=", ">=", "ge", "greater_equal")
LESS = comparison("less", "<", "<", "lt", "less")
LESS_EQUAL = comparison("less_equal", "<=", "<=", "le", "less_equal")
EQUAL = comparison("equal", "==", "=", "eq")  # torch.equal is one answer for all
NOT_EQUAL = comparison("not_equal", "!=", "<>", "ne", "not_equal")
LOGICAL_AND = elementwise(
    "logical_and",
    None,
    None,
    domain=BOOLEAN,
    numpy="{0} & {1}",
    aliases=("np.logical_and", "torch.logical_and"),
    scalar="({0} & {1})",
    boolean=True,
    exact=True,
)
LOGICAL_OR = elementwise(
    "logical_or",
    None,
    None,
    domain=BOOLEAN,
    numpy="{0} | {1}",
    aliases=("np.logical_or", "torch.logical_or"),
    scalar="({0} | {1})",
    boolean=True,
    exact=True,
)
LOGICAL_NOT = elementwise(
    "logical_not",
    None,
    domain=BOOLEAN,
    numpy="~{0}",
    aliases=("np.logical_not", "torch.logical_not"),
    scalar="(not {0})",
    boolean=True,
    exact=True,
)
ISNAN = elementwise("isnan", None, domain=REAL, scalar="({0} != {0})", boolean=True, exact=True)
ISINF = elementwise("isinf", None, domain=REAL, boolean=True, exact=True)
ISFINITE = elementwise("isfinite", None, domain=REAL, boolean=True, exact=True)
