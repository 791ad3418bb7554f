"""Elementwise ops that choose and compare.

Those that compare give booleans; they are ops so that a rule that compares can be printed.
"""

# A rule takes whatever answers NumPy's names, so the arguments of its lambda have no type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import numpy as np

from byhand.ops import signs
from byhand.ops.elementwise import elementwise
from byhand.ops.op import BOOLEAN, REAL, Domain, Op


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


# Where both are equal any weights that add up to 1 are right; these give relu its usual 0 at 0.
MAXIMUM = elementwise(
    "maximum",
    lambda g, out, x, y: g * (x > y),
    lambda g, out, x, y: g * (x <= y),
    domain=REAL,
    aliases=("torch.fmax",),
    formula=r"\max",
    triton="tl.maximum({0}, {1})",
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
    triton="tl.minimum({0}, {1})",
    scalar="smaller({0}, {1})",
    kink="arguments",
    exact=True,
)
WHERE = elementwise(
    "where",
    None,
    lambda g, out, condition, x, y: np.where(condition, g, 0.0),
    lambda g, out, condition, x, y: np.where(condition, 0.0, g),
    domain=(BOOLEAN, REAL, REAL),
    triton="tl.where({0}, {1}, {2})",
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
