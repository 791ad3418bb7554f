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
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from byhand.program.problem import Problem
from byhand.referees.bindings import missing
from byhand.referees.namespace import Array
from byhand.referees.perturbed import Perturbed
from byhand.referees.referee import Gradient, Key
from byhand.referees.rehearsal import rehearse

SAMPLE = 64
SHRINK = 4.0  # each step size is the one before over this
SIZES = 12  # step sizes tried at most
ORDER = 4  # extrapolations use up to one more sizes than this
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
        return {key: _gradient(forward, key, rehearsal.values[key]) for key in steps}


def _gradient(forward: Perturbed, key: Key, value: Array) -> Gradient:
    rng = np.random.default_rng([zlib.crc32(key[0].encode()), key[1]])
    places = np.arange(value.size)
    if value.size > SAMPLE:
        places = np.sort(rng.choice(value.size, SAMPLE, replace=False))
    finite = value[np.isfinite(value)]
    size = max(float(np.sqrt(np.mean(finite**2))), 1.0) if finite.size else 1.0

    way = rng.normal(size=value.shape)
    way /= max(float(np.sqrt(np.sum(way**2))), EPS)
    line = forward.along(key, way)
    spread = size * math.sqrt(value.size)
    noise = _noise(line, 1e-10 * spread, forward.rounding)
    along = _slope(line, spread / 4, spread / 4, noise)

    found: list[_Slope] = []
    start = size / 4
    for place in places:
        one = np.zeros(value.shape)
        one.flat[place] = 1.0
        found.append(_slope(forward.along(key, one), start, size / 4, noise))
        start = found[-1].start
    values = np.array([slope.value for slope in found])
    errors = np.array([slope.error for slope in found])
    direction = (way, along.value, along.error)
    if value.size > SAMPLE:
        return Gradient(values, errors, places, direction)
    return Gradient(values.reshape(value.shape), errors.reshape(value.shape), None, direction)


@dataclass(frozen=True)
class _Slope:
    """A derivative, a bound on its error, and the step size to start from next time."""

    value: float
    error: float
    start: float


def _slope(line: Line, start: float, largest: float, noise: float) -> _Slope:
    """The derivative of `line` at 0, by extrapolation of central differences."""
    best = _Slope(0.0, math.inf, start)
    odd: list[float] = []
    even: list[float] = []
    h = start
    for _ in range(SIZES):
        ahead, behind = line(h), line(-h)
        if math.isfinite(ahead) and math.isfinite(behind):
            odd.append((ahead - behind) / (2 * h))
            even.append((ahead + behind) / h)
        else:  # out of the domain: start again, closer
            odd, even = [], []
        for order in range(1, min(len(odd), ORDER + 1)):
            weights, before = CENTRAL[order], CENTRAL[order - 1]
            value = _dot(weights, odd)
            truncation = max(
                abs(value - _dot(before, odd)), abs(value - _dot(before, odd[: len(odd) - 1]))
            )
            rounding = noise * BOUND[order] / h + EPS * abs(value)
            jump = abs(_dot(ONE_SIDED[order], even))
            error = truncation + rounding + jump / 2
            if error < best.error:
                # Next time start where this began; further out, if rounding was what limited it.
                first = h * SHRINK**order
                wider = 2 * first if truncation < rounding else first
                best = _Slope(value, error, min(wider, largest))
                if truncation <= rounding:
                    return best
        h /= SHRINK
    return best


def _noise(line: Line, spacing: float, least: float) -> float:
    """A bound on the noise of the loss, from a table of differences of neighbouring values."""
    differences = np.array([line(i * spacing) for i in range(8)])
    noise = least
    for order in range(1, 6):
        differences = np.diff(differences)
        if order > 1 and np.isfinite(differences).all():
            scale = math.factorial(order) ** 2 / math.factorial(2 * order)
            noise = max(noise, 4 * math.sqrt(scale * float(np.mean(differences**2))))
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
