"""The derivative of a function of one number from its values, with a bound on the error.

A derivative is extrapolated from central differences at shrinking step sizes, and the best of the
extrapolations is kept (Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in
Engineering Software 4, 1982). The error has three parts:

- truncation: how far the extrapolations of one order less are from it;
- rounding: the noise of the values over the step size. The noise is measured, from differences of
  values at points so close that all they show is noise (Moré and Wild, Estimating computational
  noise, SIAM Journal on Scientific Computing 33, 2011, section 4);
- a kink: half the jump between the slopes on either side, extrapolated as well. At a kink every
  slope between the two is right (Griewank and Walther, Evaluating Derivatives, chapter 14), and the
  error covers them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

import numpy as np

SHRINK = 2.0  # each step size is the one before over this
SIZES = 5  # step sizes in a row
ORDER = SIZES - 1
ROWS = 6  # rows tried at most: far from the step, then closer, should there be kinks on the way
CLOSER = 128.0
HALVINGS = 40
ROUGH = 1e-4
EPS = float(np.finfo(np.float64).eps)

Line: TypeAlias = Callable[[float], float]
"""A function of one number that is 0 at 0, and NaN where it is not defined."""


@dataclass(frozen=True)
class Slope:
    """A derivative and a bound on its error.

    `start` is the step size to start from next time; `settled` says that truncation adds no more to
    the error than rounding, so that no other size will do much better; `kink`, that the error is
    mostly the jump between the slopes on either side.
    """

    value: float
    error: float
    start: float
    settled: bool
    kink: bool


def slope(line: Line, start: float, largest: float, noise: float) -> Slope:
    """The derivative of `line` at 0: the best that can be had from a few rows of step sizes.

    `start` is the step size to begin with, `largest` one that next time's may not exceed, and
    `noise` a bound on the noise of values along the line.
    """
    best = row(line, start, noise)
    if best.settled:
        # The next start: where this one began; further out, if rounding alone limited it.
        return replace(best, start=min(best.start, largest))
    for i in range(1, ROWS):
        found = row(line, start / CLOSER**i, noise)
        if found.error < best.error:
            best = found
        if found.settled or found.error > 8 * best.error:
            break
    return replace(best, start=max(start / 4, EPS * largest))


def row(line: Line, start: float, noise: float) -> Slope:
    """The derivative of `line` at 0, from central differences at `start` and closer."""
    best = Slope(0.0, math.inf, start, False, False)
    odd: list[float] = []
    even: list[float] = []
    for i in range(SIZES):
        h = start / SHRINK**i
        ahead, behind = line(h), line(-h)
        if not (math.isfinite(ahead) and math.isfinite(behind)):  # out of the domain
            odd, even = [], []
            continue
        odd.append((ahead - behind) / (2 * h))
        even.append((ahead + behind) / h)
        for order in range(1, len(odd)):
            value, less = _dot(CENTRAL[order], odd), CENTRAL[order - 1]
            truncation = max(abs(value - _dot(less, odd)), abs(value - _dot(less, odd[:-1])))
            rounding = noise * BOUND[order] / h + EPS * abs(value)
            settled = truncation <= rounding
            # With kinks all around, extrapolations may agree by chance: the more so, the larger h.
            doubt = 4 if settled else 32
            smooth = doubt * truncation + 2 * rounding
            jump = abs(_dot(ONE_SIDED[order], even)) / 2
            error = smooth + jump
            if error < best.error:
                first = h * SHRINK**order
                wide = first * (2 if 64 * truncation < rounding else 1)
                best = Slope(value, error, wide, settled, jump > smooth)
        if best.settled:
            return best
    return best


def one_sided(line: Line, start: float, noise: float) -> Slope:
    """The derivative of `line` at 0 from the side on which it has values, where the other has none.

    The error is infinite where the slope grows without end, as that of a square root at 0.
    """
    best = Slope(0.0, math.inf, start, False, False)
    for side in (1.0, -1.0):
        slopes: list[float] = []
        for i in range(HALVINGS):
            h = start / 2**i
            slopes.append(side * line(side * h) / h)
            if len(slopes) < 3 or not all(map(math.isfinite, slopes[-3:])):
                continue
            first, second, third = slopes[-3:]
            value, before = 2 * third - second, 2 * second - first  # of which the error is O(h**2)
            error = 4 * abs(value - before) + 8 * noise / h + EPS * abs(value)
            if error < best.error:
                best = Slope(value, error, start, False, False)
    return best if best.error <= ROUGH * abs(best.value) else replace(best, error=math.inf)


def noise(line: Line, least: float) -> float:
    """A bound on the noise of values along `line`, `least` or more.

    From a table of the differences of neighbouring values: of high order, they are noise alone.
    """
    for spacing in (1e-11, 1e-9, 1e-7, 1e-5):
        values = np.array([line(i * spacing) for i in range(8)])
        if len(np.unique(values)) > 4:  # else forward may well round to fewer digits than these
            break
    bound, differences = least, np.diff(values)
    for order in range(2, 6):
        differences = np.diff(differences)
        if np.isfinite(differences).all():
            scale = math.factorial(order) ** 2 / math.factorial(2 * order)
            bound = max(bound, 8 * math.sqrt(scale * float(np.mean(differences**2))))
    return bound


def _dot(weights: Sequence[float], values: Sequence[float]) -> float:
    """The weighted sum of the last values."""
    return sum(w * v for w, v in zip(weights, values[-len(weights) :], strict=True))


def _weights(order: int, powers: Sequence[int]) -> list[float]:
    """What to weight values at the last `order + 1` sizes with, to be left with a constant.

    The values are that constant and terms with these powers of the step size, of which only the
    ratios matter.
    """
    sizes = SHRINK ** np.arange(order, -1, -1.0)
    terms = np.array([sizes**power for power in (0, *powers[:order])])
    return [float(w) for w in cast("list[float]", np.linalg.solve(terms, np.eye(order + 1)[0]))]


# Central differences hold the slope and even powers; the difference of the one-sided slopes holds
# its jump, then the power 1 and odd ones.
CENTRAL = [_weights(order, (2, 4, 6, 8)) for order in range(ORDER + 1)]
ONE_SIDED = [_weights(order, (1, 3, 5, 7)) for order in range(ORDER + 1)]
BOUND = [
    sum(abs(w) / SHRINK ** (order - i) for i, w in enumerate(CENTRAL[order]))
    for order in range(ORDER + 1)
]
