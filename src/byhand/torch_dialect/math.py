"""PyTorch's elementwise functions, activations and matrix products.

Here and in the other `torch_*` modules a function has PyTorch's name and signature, less the
options that have no rule, and is written with NumPy's functions and a few ops: it runs on arrays
as well as on tensors. `byhand.torch_dialect.names` brings them together.
"""

# NumPy does not say what its functions give for a tensor of ours.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops import elementwise as el
from byhand.ops.linear import DET, INV, MATMUL, OUTER
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
    return 1 - el.ERF(input)


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
    return 0.5 * (1 + el.ERF(input * math.sqrt(0.5)))


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


# Activations.


def relu(input: Any) -> Any:
    return np.maximum(input, 0)


def relu6(input: Any) -> Any:
    return np.clip(input, 0, 6)


def leaky_relu(input: Any, negative_slope: float = 0.01) -> Any:
    return np.where(np.greater(input, 0), input, negative_slope * input)


def prelu(input: Any, weight: Any) -> Any:
    """One slope for all, or one for each channel (axis 1)."""
    channels = np.shape(weight)[0] if np.ndim(weight) else 1
    slope = np.reshape(weight, (channels,) + (1,) * max(np.ndim(input) - 2, 0))
    return np.where(np.greater(input, 0), input, slope * input)


def elu(input: Any, alpha: float = 1.0) -> Any:
    below = alpha * np.expm1(np.minimum(input, 0))  # the minimum, lest exp overflow unused
    return np.where(np.greater(input, 0), input, below)


def celu(input: Any, alpha: float = 1.0) -> Any:
    below = alpha * np.expm1(np.minimum(input, 0) / alpha)
    return np.where(np.greater(input, 0), input, below)


def selu(input: Any) -> Any:
    """Klambauer et al., Self-normalizing neural networks (2017), equation 2."""
    return 1.0507009873554804934193349852946 * elu(input, 1.6732632423543772848170429916717)


def gelu(input: Any, approximate: str = "none") -> Any:
    """x times the normal distribution function of x: Hendrycks and Gimpel (2016), section 2."""
    match approximate:
        case "none":
            return 0.5 * input * (1 + el.ERF(input * math.sqrt(0.5)))
        case "tanh":
            inner = math.sqrt(2 / math.pi) * (input + 0.044715 * input**3)
            return 0.5 * input * (1 + np.tanh(inner))
        case _:
            raise UnsupportedError(f'gelu: approximate is "none" or "tanh", not {approximate!r}')


def silu(input: Any) -> Any:
    return input * el.SIGMOID(input)


def mish(input: Any) -> Any:
    return input * np.tanh(softplus(input))


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(x)), and x itself from `threshold` on, as PyTorch has it."""
    scaled = times(beta, input)
    smooth = np.logaddexp(0, scaled)
    return np.where(np.greater(scaled, threshold), input, times(1 / beta, smooth))


def logsigmoid(input: Any) -> Any:
    return -np.logaddexp(0, -input)


def softsign(input: Any) -> Any:
    return input / (1 + np.abs(input))


def tanhshrink(input: Any) -> Any:
    return input - np.tanh(input)


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    return np.maximum(input - lambd, 0) + np.minimum(input + lambd, 0)


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    return np.where(np.greater(np.abs(input), lambd), input, 0.0)


def threshold(input: Any, threshold: float, value: float) -> Any:
    return np.where(np.greater(input, threshold), input, value)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    return np.clip(input, min_val, max_val)


def hardsigmoid(input: Any) -> Any:
    return np.clip(input / 6 + 0.5, 0, 1)


def hardswish(input: Any) -> Any:
    return input * hardsigmoid(input)


def glu(input: Any, dim: int = -1) -> Any:
    value, gate = np.split(input, 2, axis=dim)
    return value * el.SIGMOID(gate)


# Matrix products.


def matmul(input: Any, other: Any) -> Any:
    return np.matmul(input, other)


def dot(input: Any, other: Any) -> Any:
    return np.matmul(input, other)


def inner(input: Any, other: Any) -> Any:
    return np.inner(input, other)


def outer(input: Any, vec2: Any) -> Any:
    return np.outer(input, vec2)


def einsum(equation: str, *operands: Any) -> Any:
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = tuple(operands[0])
    return np.einsum(equation, *operands)


def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    return np.tensordot(a, b, axes=dims)


def addmm(input: Any, mat1: Any, mat2: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return times(beta, input) + times(alpha, np.matmul(mat1, mat2))


def trace(input: Any) -> Any:
    return np.trace(input)


def inverse(input: Any) -> Any:
    return np.linalg.inv(input)


def linalg_cholesky(input: Any, *, upper: bool = False) -> Any:
    found = np.linalg.cholesky(input)
    return np.swapaxes(found, -1, -2) if upper else found


def linalg_solve(A: Any, B: Any) -> Any:
    return np.linalg.solve(A, B)


def linalg_solve_triangular(
    A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    """Reads one triangle of `A` alone."""
    if not left or unitriangular:
        raise UnsupportedError("solve_triangular has a rule for left=True, unitriangular=False")
    return np.linalg.solve(np.triu(A) if upper else np.tril(A), B)


def det(A: Any) -> Any:
    return np.linalg.det(A)


class Determinant(NamedTuple):
    """What `slogdet` gives."""

    sign: Any
    logabsdet: Any


def slogdet(A: Any) -> Any:
    return Determinant(*np.linalg.slogdet(A))


def logdet(A: Any) -> Any:
    """NaN where the determinant is negative."""
    sign, log = np.linalg.slogdet(A)
    sign = plain(sign)
    with np.errstate(invalid="ignore"):
        return log if np.all(sign == 1) else log + np.log(sign)


def matrix_power(input: Any, n: int) -> Any:
    return np.linalg.matrix_power(input, n)


def multi_dot(tensors: Any) -> Any:
    return np.linalg.multi_dot(list(tensors))


def cross(input: Any, other: Any, dim: int | None = None) -> Any:
    """Along the first axis of three, where none is named."""
    shape = np.broadcast_shapes(np.shape(input), np.shape(other))
    input, other = np.broadcast_to(input, shape), np.broadcast_to(other, shape)
    return np.cross(input, other, axis=shape.index(3) if dim is None else dim)


def kron(input: Any, other: Any) -> Any:
    return np.kron(input, other)


def vecdot(x: Any, y: Any, dim: int = -1) -> Any:
    return np.sum(x * y, axis=dim)


def addr(input: Any, vec1: Any, vec2: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return times(beta, input) + times(alpha, np.outer(vec1, vec2))


def addbmm(input: Any, batch1: Any, batch2: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return times(beta, input) + times(alpha, np.sum(np.matmul(batch1, batch2), axis=0))


def cov(input: Any, correction: int = 1) -> Any:
    return np.cov(input, ddof=correction)


def corrcoef(input: Any) -> Any:
    return np.corrcoef(input)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **elementwise_functions(),
    **by_name(rsub, rsqrt, lerp, addcmul, addcdiv, erfc, logit, xlogy, frac, nan_to_num),
    **by_name(heaviside, sinc, deg2rad, rad2deg),
    **dict.fromkeys(torch_names(el.DIVIDE), div),
    **dict.fromkeys(torch_names(el.ADD), add),
    **dict.fromkeys(torch_names(el.SUBTRACT), sub),
    **dict.fromkeys(torch_names(el.POWER), pow),
    **dict.fromkeys(torch_names(el.CLIP), clamp),
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
    **by_name(relu, relu6, leaky_relu, prelu, elu, celu, selu, gelu, silu, mish, softplus),
    **dict.fromkeys(("logsigmoid", "log_sigmoid"), logsigmoid),
    **by_name(softsign, tanhshrink, softshrink, hardshrink, threshold),
    "_threshold": threshold,
    **by_name(hardtanh, hardsigmoid, hardswish, glu),
    **dict.fromkeys(torch_names(MATMUL), matmul),
    **dict.fromkeys(torch_names(OUTER), outer),
    **dict.fromkeys(torch_names(INV), inverse),
    **by_name(dot, inner, einsum, tensordot, trace, linalg_solve, linalg_cholesky),
    "vdot": dot,
    **by_name(linalg_solve_triangular, logdet, addr, addbmm, cov, corrcoef, kron, matrix_power),
    **dict.fromkeys(torch_names(DET), det),
    **dict.fromkeys(("slogdet", "linalg_slogdet"), slogdet),
    "linalg_matrix_power": matrix_power,
    "linalg_multi_dot": multi_dot,
    "cross": cross,
    "linalg_cross": lambda input, other, dim=-1: cross(input, other, dim),
    "linalg_vecdot": vecdot,
    **dict.fromkeys(("addmm", "baddbmm", "addmv"), addmm),
}
