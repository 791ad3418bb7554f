"""Products: convolutions, powers of matrices, polynomials."""

# NumPy does not say what its functions give for an operand.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.values.numpy_composites.answers import answers, ndim


def _convolution(a: Any, v: Any, mode: str) -> Any:
    """The sum over j of a[i - j] v[j]."""
    if mode != "full" and np.shape(a)[0] == 1 < np.shape(v)[0]:
        raise UnsupportedError("NumPy slides a single number over the window, not the other way")
    if np.shape(a)[0] < np.shape(v)[0]:
        a, v = v, a
    m = np.shape(v)[0]
    match mode:
        case "full":
            pad = (m - 1, m - 1)
        case "same":
            pad = (m - 1 - (m - 1) // 2, (m - 1) // 2)
        case "valid":
            pad = (0, 0)
        case _:
            raise UnsupportedError(f'mode is "full", "same" or "valid", not {mode!r}')
    if any(pad):
        a = np.pad(a, (pad,))
    return np.lib.stride_tricks.sliding_window_view(a, m) @ v[::-1]


@answers(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    return _convolution(a, v, mode)


@answers(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    if np.shape(v)[0] > np.shape(a)[0] > 1:  # then NumPy shifts by the other one, the other way
        return _convolution(v, a[::-1], mode)[::-1]
    return _convolution(a, v[::-1], mode)


@answers(np.kron)
def kron(a: Any, b: Any) -> Any:
    """Each element of `a` times all of `b`."""
    n = builtins.max(ndim(a), ndim(b))
    a, b = (np.reshape(x, (1,) * (n - ndim(x)) + tuple(np.shape(x))) for x in (a, b))
    between = [np.expand_dims(x, tuple(range(k, 2 * n, 2))) for k, x in ((1, a), (0, b))]
    shape = tuple(p * q for p, q in zip(np.shape(a), np.shape(b), strict=True))
    return np.reshape(between[0] * between[1], shape)


@answers(np.cross, np.linalg.cross)
def cross(a: Any, b: Any, axis: int = -1) -> Any:
    a, b = np.moveaxis(a, axis, -1), np.moveaxis(b, axis, -1)
    if np.shape(a)[-1] != 3 or np.shape(b)[-1] != 3:
        raise UnsupportedError("np.cross has a rule for vectors of three elements")
    second, third = [1, 2, 0], [2, 0, 1]
    return np.moveaxis(a[..., second] * b[..., third] - a[..., third] * b[..., second], -1, axis)


@answers(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Any]) -> Any:
    product = arrays[0]
    for each in arrays[1:]:
        product = np.dot(product, each)
    return product


@answers(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    if n == 0:
        return np.broadcast_to(np.eye(np.shape(a)[-1], dtype=a.dtype), np.shape(a))
    base = np.linalg.inv(a) if n < 0 else a
    product = base
    for _ in range(abs(n) - 1):
        product = product @ base
    return product


@answers(np.vecdot, np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return np.sum(x1 * x2, axis=axis)


@answers(np.vander)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    powers = [np.ones_like(x)]
    for _ in range(1, np.shape(x)[0] if N is None else N):
        powers.append(powers[-1] * x if len(powers) > 1 else x)
    return np.stack(powers if increasing else powers[::-1], axis=-1)


@answers(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """Horner's rule."""
    value = np.zeros_like(x)
    for k in range(np.shape(p)[0]):
        value = value * x + p[k] if k else value + p[k]
    return value
