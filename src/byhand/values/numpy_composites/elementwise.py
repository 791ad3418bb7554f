"""Elementwise functions: of NaNs, angles and steps."""

# NumPy does not say what its functions give for an operand.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.values.numpy_composites.answers import answers


def _without_nan(op: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def picked(x1: Any, x2: Any) -> Any:
        """Where one is no number, the other."""
        if not (np.any(np.isnan(x1)) or np.any(np.isnan(x2))):
            return op(x1, x2)
        return op(np.where(np.isnan(x1), x2, x1), np.where(np.isnan(x2), x1, x2))

    return picked


answers(np.fmax)(_without_nan(np.maximum))
answers(np.fmin)(_without_nan(np.minimum))


@answers(np.heaviside)
def heaviside(x1: Any, x2: Any) -> Any:
    return np.where(np.equal(x1, 0), x2, np.where(np.isnan(x1), x1, np.where(x1 < 0, 0.0, 1.0)))


@answers(np.sinc)
def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x), flat at 0."""
    zero = np.equal(x, 0)
    angle = math.pi * np.where(zero, 1.0, x)
    return np.where(zero, 1.0, np.sin(angle) / angle)


@answers(np.deg2rad, np.radians)
def deg2rad(x: Any) -> Any:
    return x * (math.pi / 180)


@answers(np.rad2deg, np.degrees)
def rad2deg(x: Any) -> Any:
    return x * (180 / math.pi)


@answers(np.nan_to_num)
def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    if not copy:
        raise UnsupportedError("np.nan_to_num(..., copy=False) has no rule: write x = ...")
    if posinf is None:
        posinf = np.finfo(x.dtype).max
    if neginf is None:
        neginf = np.finfo(x.dtype).min
    x = np.where(np.isnan(x), nan, x)
    x = np.where(np.equal(x, np.inf), posinf, x)
    return np.where(np.equal(x, -np.inf), neginf, x)
