"""`cmp`: the one-line comparison of the lecture's notebook, which shapes don't fool.

It knows only the two arrays, not the terms behind them. So it can't tell a small gradient from
rounding noise, and says so where that matters; `byhand.check` can. In a notebook it knows the
forward of the session, too: a gradient that lacks some of its paths is unfinished, not wrong.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from byhand.checking.paths_so_far import paths_so_far
from byhand.values.arrays import Array
from byhand.values.held import array

ROUNDINGS = 64
"""Units of rounding of the largest element that two right answers may differ by."""

NOISE = 0.1
"""Below this many roundings of 1.0, gradients of an ordinary loss may be nothing but rounding."""


def cmp(name: str, dt: Any, t: Any) -> None:
    """Prints how the hand-written gradient `dt` compares with the gradient that `t` holds.

    `t` is a tensor after `backward()` (with `retain_grad()`, where it isn't a leaf), or an array
    that is the gradient itself.
    """
    print(f"{name:15s} | {compared(dt, t, name)}")


def compared(dt: Any, t: Any, name: str = "") -> str:
    """What `cmp` prints after the name."""
    reference = _gradient_of(t)
    if reference is None:
        return "no gradient to compare with: call t.retain_grad() and then loss.backward()"
    mine, truth = array(dt), array(reference)
    if mine is None or truth is None:
        return f"wrong: {type(dt).__name__}, not an array of floats"
    if mine.shape != truth.shape:
        return f"wrong shape: {mine.shape}, expected {truth.shape}"
    if mine.dtype.kind != "f":
        return f"wrong type: {mine.dtype}, a gradient needs floats"
    if not np.isfinite(mine).all():
        return (
            f"wrong: {int(np.sum(~np.isfinite(mine)))} of {mine.size} elements are NaN or infinite"
        )
    return _values(mine, truth, name)


def _gradient_of(t: Any) -> Any:
    """The gradient that `t` holds; `t` itself where it can't hold one."""
    if getattr(t, "requires_grad", True) is False:
        return t
    with warnings.catch_warnings():  # PyTorch warns where there is none: we say so ourselves
        warnings.simplefilter("ignore")
        return getattr(t, "grad", t)


def _values(mine: Array, truth: Array, name: str) -> str:
    difference = np.abs(mine.astype(np.float64) - truth.astype(np.float64))
    furthest = float(difference.max(initial=0.0))
    line = f"exact: {furthest == 0.0!s:5s} | maxdiff: {furthest:.3g}"
    eps = float(max(np.finfo(mine.dtype).eps, np.finfo(truth.dtype).eps))
    size = float(np.abs(truth).max(initial=0.0))
    if furthest == 0.0:
        return f"right | {line}"
    if furthest <= ROUNDINGS * eps * size:
        return f"right | {line} (rounding)"
    if max(size, float(np.abs(mine).max())) <= NOISE * eps:
        return f"unclear | {line} (both no larger than rounding noise: byhand.check can tell)"
    if not mine.any():
        return f"wrong | {line} (all zeros; the gradient goes up to {size:.3g})"
    if size == 0.0:
        return f"wrong | {line} (the gradient is zero)"
    so_far = paths_so_far(name, mine, truth, ROUNDINGS * eps * max(size, float(np.abs(mine).max())))
    if so_far is not None:
        return f"unfinished | {line} ({so_far})"
    return f"wrong | {line} ({furthest / size:.2g} of the largest element)"
