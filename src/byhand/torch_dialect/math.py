"""PyTorch's elementwise functions.

Here and in the modules beside it a function has PyTorch's name and signature, less the
options that have no rule, and is written with NumPy's functions and a few ops: it runs on arrays
as well as on tensors. `byhand.torch_dialect.names` brings them together.
"""

# NumPy does not say what its functions give for a tensor of ours.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.ops import choices as ch
from byhand.ops import elementwise as el
from byhand.ops import functions as fn
from byhand.torch_dialect.tables import by_name, elementwise_functions, torch_names


def plain(x: Any) -> Any:
    """The array in a tensor; an array as it is."""
    return getattr(x, "value", x)


def times(factor: Any, x: Any) -> Any:
    """`factor * x`, without a step for a factor of 1."""
    return x if isinstance(factor, int | float) and factor == 1 else factor * x


# Arithmetic.


def add(input: Any, other: Any, alpha: Any = 1) -> Any:
    return input + times(alpha, other)


def sub(input: Any, other: Any, alpha: Any = 1) -> Any:
    return input - times(alpha, other)


def rsub(input: Any, other: Any, alpha: Any = 1) -> Any:
    return other - times(alpha, input)


def div(input: Any, other: Any, rounding_mode: str | None = None) -> Any:
    match rounding_mode:
        case None:
            return el.DIVIDE(input, other)
        case "floor":
            return el.FLOOR_DIVIDE(input, other)
        case _:
            return el.TRUNC(el.DIVIDE(input, other))


def frac(input: Any) -> Any:
    return input - el.TRUNC(input)


def pow(input: Any, exponent: Any) -> Any:
    return input**exponent


def rsqrt(input: Any) -> Any:
    return 1 / np.sqrt(input)


def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    return np.clip(input, min, max)


def lerp(input: Any, end: Any, weight: Any) -> Any:
    return input + weight * (end - input)


def addcmul(input: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> Any:
    return input + times(value, tensor1 * tensor2)


def addcdiv(input: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> Any:
    return input + times(value, tensor1 / tensor2)


def erfc(input: Any) -> Any:
    return 1 - fn.ERF(input)


def logit(input: Any) -> Any:
    return np.log(input) - np.log(1 - input)


def xlogy(input: Any, other: Any) -> Any:
    """`input * log(other)`, which is 0 where `input` is 0."""
    zero = np.equal(input, 0)
    return np.where(zero, 0.0, input * np.log(np.where(zero, 1.0, other)))


def xlog1py(input: Any, other: Any) -> Any:
    """`input * log(1 + other)`, which is 0 where `input` is 0."""
    zero = np.equal(input, 0)
    return np.where(zero, 0.0, input * np.log1p(np.where(zero, 0.0, other)))


def entr(input: Any) -> Any:
    """-x log(x): 0 at 0, and minus infinity below."""
    inside = np.greater(input, 0)
    logs = np.log(np.where(inside, input, 1.0))
    return np.where(inside, -input * logs, np.where(np.less(input, 0), -math.inf, 0.0))


def ndtr(input: Any) -> Any:
    """The normal distribution function."""
    return 0.5 * (1 + fn.ERF(input * math.sqrt(0.5)))


def nan_to_num(input: Any, nan: float | None = None, posinf: Any = None, neginf: Any = None) -> Any:
    largest = np.finfo(plain(input).dtype)
    posinf = largest.max if posinf is None else posinf
    neginf = largest.min if neginf is None else neginf
    return np.nan_to_num(input, nan=nan or 0.0, posinf=posinf, neginf=neginf)


def heaviside(input: Any, values: Any) -> Any:
    return np.heaviside(input, values)


def sinc(input: Any) -> Any:
    return np.sinc(input)


def deg2rad(input: Any) -> Any:
    return np.deg2rad(input)


def rad2deg(input: Any) -> Any:
    return np.rad2deg(input)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **elementwise_functions(),
    **by_name(rsub, rsqrt, lerp, addcmul, addcdiv, erfc, logit, xlogy, frac, nan_to_num),
    **by_name(heaviside, sinc, deg2rad, rad2deg),
    **dict.fromkeys(torch_names(el.DIVIDE), div),
    **dict.fromkeys(torch_names(el.ADD), add),
    **dict.fromkeys(torch_names(el.SUBTRACT), sub),
    **dict.fromkeys(torch_names(el.POWER), pow),
    **dict.fromkeys(torch_names(ch.CLIP), clamp),
    "__rsub__": rsub,
    "clamp_min": lambda input, min: clamp(input, min=min),
    "clamp_max": lambda input, max: clamp(input, max=max),
    "special_erfc": erfc,
    "special_logit": logit,
    "special_xlogy": xlogy,
    "special_xlog1py": xlog1py,
    "special_entr": entr,
    "special_ndtr": ndtr,
    "special_sinc": sinc,
}
