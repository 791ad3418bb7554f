"""Finite differences: gradients from the values of forward alone.

This referee imports neither the engine nor a rule, and needs no autograd: it runs the forward of the
problem in plain NumPy (or plain PyTorch), moves one step a little at a time, and looks at the loss.
It samples: at most `SAMPLE` elements of a step, and one random direction through all of them.

A derivative is extrapolated from central differences at shrinking step sizes, and the best of the
extrapolations is kept (Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in
Engineering Software 4, 1982). The error has three parts:

- truncation: how far the extrapolations of one order less are from it;
- rounding: the noise of the loss over the step size. The noise is measured, from differences of the
  loss at points so close that all they show is noise (Moré and Wild, Estimating computational noise,
  SIAM Journal on Scientific Computing 33, 2011, section 4);
- a kink: half the jump between the slopes on either side, extrapolated as well. At a kink every slope
  between the two is right (the subgradient; Griewank and Walther, Evaluating Derivatives, chapter
  14), and the error covers them all.
"""

from __future__ import annotations

import math
import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from byhand.errors import RefereeError
from byhand.program.problem import Problem
from byhand.referees.bindings import missing
from byhand.referees.namespace import Array
from byhand.referees.perturbed import Perturbed
from byhand.referees.referee import Gradient, Key
from byhand.referees.rehearsal import rehearse

SAMPLE = 64
SHRINK = 2.0  # each step size is the one before over this
SIZES = 5  # step sizes in a row
ORDER = SIZES - 1
ROWS = 6  # rows tried at most: far from the step, then closer, should there be kinks on the way
CLOSER = 128.0
EPS = float(np.finfo(np.float64).eps)

Line: TypeAlias = Callable[[float], float]
"""The loss along a line through the step's value, less the loss at that value."""


def finite(
    problem: Problem, inputs: Mapping[str, Any], steps: Sequence[Key], upstream: Sequence[Array]
) -> Mapping[Key, Gradient]:
    """The gradients by finite differences, with `places` and a `direction` (see `Referee`).

    Raises RefereeError if forward can't be run in this way, or its outputs aren't finite.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a perturbed forward may well take the log of -0.1
        rehearsal = rehearse(problem, inputs)
        for key in steps:
            if key not in rehearsal.values:
                raise missing(problem, key)
        forward = Perturbed(problem, inputs, upstream, rehearsal)
        least = _rounding(problem, forward)
        return {
            key: _gradient(
                key, rehearsal.values[key], partial(forward.along, rehearsal.calls[key]), least
            )
            for key in steps
        }


def _rounding(problem: Problem, forward: Perturbed) -> float:
    """Of the loss, if its terms are rounded once. Raises RefereeError if no term is finite."""
    terms = [(o * g).ravel() for o, g in zip(forward.outputs, forward.upstream, strict=True)]
    finite = [term[np.isfinite(term)] for term in terms]
    if any(f.size < t.size and not f.size for f, t in zip(finite, terms, strict=True)):
        raise RefereeError(
            f"{problem.file}: forward returns {forward.outputs[0].flat[0]}: "
            "finite differences need a finite loss"
        )
    return EPS * float(np.linalg.norm(np.concatenate(finite)))


def _gradient(key: Key, value: Array, along: Callable[[Array], Line], least: float) -> Gradient:
    rng = np.random.default_rng([zlib.crc32(key[0].encode()), key[1]])
    places = np.arange(value.size)
    if value.size > SAMPLE:
        places = np.sort(rng.choice(value.size, SAMPLE, replace=False))
    finite = value[np.isfinite(value)]
    size = float(np.sqrt(np.mean(finite**2))) if finite.any() else 1.0  # of an element, typically
    largest = max(size, 1.0) / 4

    many = math.sqrt(value.size)
    way = rng.normal(size=value.shape)
    way /= max(float(np.linalg.norm(way)), EPS)
    line = along(way)
    noise = _noise(line, 1e-10 * size * many, least)
    all_at_once = _slope(line, size * many / 4, largest * many, noise)
    while all_at_once.settled and all_at_once.start < largest * many:  # small values, large scale
        further = _row(line, min(16 * all_at_once.start, largest * many), noise)
        if not further.settled or further.error > all_at_once.error / 4:
            break
        all_at_once = further

    found: list[_Slope] = []
    start = min(max(size / 4, all_at_once.start / many), largest)
    for place in places:
        one = np.zeros(value.shape)
        one.flat[place] = 1.0
        found.append(_slope(along(one), start, largest, noise))
        start = found[-1].start
    values = np.array([slope.value for slope in found])
    errors = np.array([slope.error for slope in found])
    direction = (way, all_at_once.value, all_at_once.error)
    if all_at_once.kink or any(slope.kink for slope in found):
        # Which slope is taken at a kink is free for each element: all at once they fit no line.
        direction = None
    if value.size > SAMPLE:
        return Gradient(values, errors, places, direction)
    return Gradient(values.reshape(value.shape), errors.reshape(value.shape), None, direction)


@dataclass(frozen=True)
class _Slope:
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


def _slope(line: Line, start: float, largest: float, noise: float) -> _Slope:
    """The derivative of `line` at 0: the best that can be had from a few rows of step sizes."""
    best = _row(line, start, noise)
    if best.settled:
        # The next start: where this one began; further out, if rounding alone limited it.
        return replace(best, start=min(best.start, largest))
    for row in range(1, ROWS):
        found = _row(line, start / CLOSER**row, noise)
        if found.error < best.error:
            best = found
        if found.settled or found.error > 8 * best.error:
            break
    return replace(best, start=start / 4)


def _row(line: Line, start: float, noise: float) -> _Slope:
    """The derivative of `line` at 0, by extrapolation of central differences from `start` inwards."""
    best = _Slope(0.0, math.inf, start, False, False)
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
                best = _Slope(value, error, wide, settled, jump > smooth)
        if best.settled:
            return best
    return best


def _noise(line: Line, spacing: float, least: float) -> float:
    """A bound on the noise of the loss, from a table of differences of neighbouring values."""
    differences = np.array([line(i * spacing) for i in range(8)])
    noise = least
    for order in range(1, 6):
        differences = np.diff(differences)
        if order > 1 and np.isfinite(differences).all():
            scale = math.factorial(order) ** 2 / math.factorial(2 * order)
            noise = max(noise, 8 * math.sqrt(scale * float(np.mean(differences**2))))
    return noise


def _dot(weights: Sequence[float], values: Sequence[float]) -> float:
    """The weighted sum of the last values."""
    return sum(w * v for w, v in zip(weights, values[-len(weights) :], strict=True))


def _weights(order: int, powers: Sequence[int]) -> list[float]:
    """What to multiply values at the last `order + 1` sizes with, to be left with the constant term.

    The values are a constant and terms with these powers of the step size. With `SHRINK` a power of
    two the last size may be taken for 1.
    """
    sizes = SHRINK ** np.arange(order, -1, -1.0)
    terms = np.array([sizes**power for power in (0, *powers[:order])])
    return [float(w) for w in np.linalg.solve(terms, np.eye(order + 1)[0])]


# Central differences hold the slope and even powers; the difference of the one-sided slopes holds
# its jump, then the power 1 and odd ones.
CENTRAL = [_weights(order, (2, 4, 6, 8)) for order in range(ORDER + 1)]
ONE_SIDED = [_weights(order, (1, 3, 5, 7)) for order in range(ORDER + 1)]
BOUND = [
    sum(abs(w) / SHRINK ** (order - i) for i, w in enumerate(CENTRAL[order]))
    for order in range(ORDER + 1)
]
