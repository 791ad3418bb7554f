"""Elementwise ops: an output element depends on the input elements at the same place.

Here are the operators of arithmetic, roots and what rounds. Derivatives: Abramowitz and Stegun,
Handbook of Mathematical Functions, 3.3.
"""

# A rule takes whatever answers NumPy's names, so the arguments of its lambda have no type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.ops import signs
from byhand.ops.axes import broadcast
from byhand.ops.op import (
    NONZERO,
    POSITIVE,
    REAL,
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
    triton="tl.abs({0})",
    scalar="abs({0})",
    sign=signs.not_negative,
    quotient=True,
    kink="zero",
    exact=True,
)
SQRT = elementwise(
    "sqrt",
    lambda g, out, x: g / (2 * out),
    domain=POSITIVE,
    triton="tl.sqrt({0})",
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
    triton="({0}) * ({0})",
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
HYPOT = elementwise(
    "hypot",
    lambda g, out, x, y: g * x / out,
    lambda g, out, x, y: g * y / out,
    domain=NONZERO,
    scalar="math.hypot({0}, {1})",
    sign=signs.not_negative,
)
