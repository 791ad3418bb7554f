"""PyTorch's activations."""

# NumPy does not say what its functions give for a tensor of ours.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops import functions as fn
from byhand.torch_dialect.math import times
from byhand.torch_dialect.tables import by_name


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
            return 0.5 * input * (1 + fn.ERF(input * math.sqrt(0.5)))
        case "tanh":
            inner = math.sqrt(2 / math.pi) * (input + 0.044715 * input**3)
            return 0.5 * input * (1 + np.tanh(inner))
        case _:
            raise UnsupportedError(f'gelu: approximate is "none" or "tanh", not {approximate!r}')


def silu(input: Any) -> Any:
    return input * fn.SIGMOID(input)


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
    return value * fn.SIGMOID(gate)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **by_name(relu, relu6, leaky_relu, prelu, elu, celu, selu, gelu, silu, mish, softplus),
    **dict.fromkeys(("logsigmoid", "log_sigmoid"), logsigmoid),
    **by_name(softsign, tanhshrink, softshrink, hardshrink, threshold),
    "_threshold": threshold,
    **by_name(hardtanh, hardsigmoid, hardswish, glu),
}
