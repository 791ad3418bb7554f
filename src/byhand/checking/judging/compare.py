"""Comparing one answer with the truth: is it a float array, of the right shape, finite, and right?

The tolerance is not for anyone to choose. An answer is right when rounding can explain how far it
is from the truth: `FACTOR * eps * error`, where `error` counts, element by element, the units of
rounding that this gradient may have collected (`byhand.engine.bounded`). `eps` is that of the
problem, or of float32 where the answer is float32. A narrower answer in a wider problem gets no
more than the problem's own: its numbers are too coarse, or they are right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.checking.judging.heat import heat_map
from byhand.checking.report import RIGHT, Heat, Mismatch, Verdict
from byhand.checking.running.backward_run import Raised
from byhand.referees.referee import Gradient
from byhand.values.arrays import Array
from byhand.values.held import array, as_number
from byhand.values.precision import SINGLE, eps_of, float_type, name_of

FACTOR = 4.0
"""Another right formula may round a few times more often than the engine's did."""

OWN = 2.0
"""Times `FACTOR`: a few random runs may show less than the worst that rounding can do."""


@dataclass(frozen=True)
class Comparison:
    """The verdict on one answer, with the numbers of its worst element."""

    verdict: Verdict
    shape: tuple[int, ...] | None = None
    max_error: float | None = None
    tolerance: float | None = None
    ulps: float | None = None
    note: str | None = None
    heat: Heat | None = None
    mismatch: Mismatch | None = None

    @property
    def right(self) -> bool:
        return self.verdict in RIGHT

    @property
    def unjudged(self) -> bool:
        return self.verdict == "unjudged"


def compare(
    answer: Any,
    truth: Gradient,
    error: Array,
    dtype: np.dtype[Any],
    eps: float = 0.0,
    mapped: bool = True,
    own: Array | None = None,
    called: str | None = None,
) -> Comparison:
    """Judges `answer`; `error` counts the units of rounding of a step of type `dtype`.

    `eps` is the rounding of what went into it, where that may be coarser than its own type: in
    forward, `x / np.sqrt(n)` makes float64 of float32. A wrong answer's error is `mapped`. `own` is
    how far rounding moves it on its own way (`byhand.checking.judging.own_rounding`), if known. The
    type is `called` so where NumPy hasn't it.
    """
    if isinstance(answer, Raised):
        if answer.depends:
            return Comparison("inherited", note=f"waits for an earlier line: {answer.message}")
        return Comparison("error", note=f"raised {answer.message}")
    answer = as_number(answer)
    found = array(answer)
    if found is None:
        return Comparison("error", note=f"is {_kind(answer)}, not an array of floats")
    shape = found.shape
    if found.dtype.kind != "f":
        return Comparison("error", shape, note=f"holds {found.dtype}; a gradient needs floats")
    if shape != error.shape:
        return Comparison("shape", shape, note=_shape_note(shape, error.shape))
    kind = float_type(answer) or "float64"
    mine, due = eps_of(kind), name_of(dtype)
    as_expected = kind == (called or due) or type(answer) is float
    note = None if as_expected else f"is {kind}, expected {called or dtype}"
    eps = max(eps, eps_of(due), mine if mine <= SINGLE else 0.0)
    if eps > eps_of(due):  # to write it down rounds, though the step itself may only copy
        error = np.maximum(error, _size(truth, shape))
    unit = eps * error + _least(dtype, eps) + _beside(truth, eps)
    if own is not None:
        unit = unit + OWN * own
    known = _known(truth, unit)
    unknown = not known.all()
    if unknown and not known.any():
        return Comparison("unjudged", shape, note=in_one_note(_said_of_unknown(truth, known), note))
    finite = np.isfinite(found)
    if truth.places is None and unknown:
        finite |= ~known
    if not finite.all():
        count = f"{found.size - np.count_nonzero(finite)} of {found.size} are NaN or infinite"
        return Comparison("nonfinite", shape, note=in_one_note(count, note))
    worst = _elements(found, truth, unit, known if unknown else None, mapped)
    if truth.direction is not None and not unknown and not worst.wrong:
        worst = _along(found, truth.direction, unit) or worst
    exact = truth.places is None and _same(found, truth.value, dtype, known if unknown else None)
    note = in_one_note(note, _said_of_unknown(truth, known) if unknown else None)
    verdict: Verdict = "exact" if exact else "wrong" if worst.wrong else "rounding"
    if truth.places is not None:
        note = in_one_note(f"{truth.places.size} of {found.size} elements looked at", note)
    heat, mismatch = (worst.heat, worst.mismatch) if verdict == "wrong" else (None, None)
    ulps = worst.error / worst.unit
    return Comparison(verdict, shape, worst.error, worst.tolerance, ulps, note, heat, mismatch)


def _least(dtype: np.dtype[Any], eps: float) -> float:
    """What may be lost where numbers become too small for the type that is judged."""
    if dtype == np.float16:
        return float(np.finfo(dtype).smallest_subnormal)
    return float(np.finfo(np.float32 if eps >= SINGLE else np.float64).tiny)


def _beside(truth: Gradient, eps: float) -> float:
    """What may be lost beside the largest element: where a function is saturated, the square of
    such a number is none that the type has, and one of two right formulas may give 0. In a half
    type, where that isn't much less than its rounding, nothing may."""
    if eps > SINGLE:
        return 0.0
    least = np.finfo(np.float32 if eps == SINGLE else np.float64).tiny
    sizes = np.abs(truth.value)
    return float(np.sqrt(least) * np.max(sizes, where=np.isfinite(sizes), initial=0.0))


def _size(truth: Gradient, shape: tuple[int, ...]) -> Array:
    """How large the true elements are; 0 where they aren't known."""
    if truth.places is None:
        return np.abs(truth.value)
    sizes = np.zeros(shape)
    sizes.flat[truth.places] = np.abs(truth.value)
    return sizes


@dataclass(frozen=True)
class _Worst:
    error: float
    tolerance: float
    unit: float
    heat: Heat | None = None
    mismatch: Mismatch | None = None

    @property
    def wrong(self) -> bool:
        return not self.error <= self.tolerance


def _known(truth: Gradient, unit: Array) -> Array:
    """The elements that can be judged: the truth is a number there, and so is its bound."""
    units = unit if truth.places is None else unit.ravel()[truth.places]
    return np.isfinite(truth.value) & np.isfinite(truth.error) & np.isfinite(units)


def _said_of_unknown(truth: Gradient, known: Array) -> str:
    numbers = np.isfinite(truth.value)[~known]
    why = "any rounding may be in it" if numbers.all() else "it is NaN or infinite"
    count = int(known.size - np.count_nonzero(known))
    return f"the true gradient can't be told in {count} of {known.size} elements: {why} there"


def _same(found: Array, true: Array, dtype: np.dtype[Any], known: Array | None) -> bool:
    """Whether all elements are the truth itself, or all that are `known`."""
    common = dtype if found.dtype == dtype else np.result_type(found.dtype, dtype)
    same = found == true.astype(common, copy=False)
    return bool(np.all(same if known is None else same | ~known))


def _elements(
    found: Array, truth: Gradient, unit: Array, known: Array | None, mapped: bool
) -> _Worst:
    """The element that is furthest out, measured by its own tolerance, of those that are `known`:
    of all, if that is None."""
    seen, units = found.astype(np.float64, copy=False), unit
    if truth.places is not None:
        seen, units = seen.ravel()[truth.places], unit.ravel()[truth.places]
    if seen.size == 0:
        return _Worst(0.0, 0.0, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        errors = np.abs(seen - truth.value)
        tolerances = FACTOR * units + truth.error
        if known is not None:
            errors = np.where(known, errors, 0.0)
            tolerances = np.where(known, tolerances, np.inf)
        ratios = errors / tolerances
        at = int(np.argmax(ratios if known is None else np.where(known, ratios, -1.0)))
    wrong = mapped and truth.places is None and not np.all(errors <= tolerances)
    heat = heat_map(errors, tolerances) if wrong else None
    mismatch = _mismatch(errors, tolerances, truth.value) if wrong else None
    return _Worst(errors.item(at), tolerances.item(at), units.item(at), heat, mismatch)


def _mismatch(errors: Array, tolerances: Array, true: Array) -> Mismatch:
    with np.errstate(all="ignore"):
        relative = np.nan_to_num(errors / np.abs(true), nan=0.0, posinf=np.inf)
    places = [np.unravel_index(np.argmax(each), each.shape) for each in (errors, relative)]
    absolute_at, relative_at = (tuple(map(int, place)) for place in places)
    return Mismatch(
        wrong=int(np.count_nonzero(~(errors <= tolerances))),
        total=errors.size,
        absolute=float(errors[absolute_at]),
        absolute_at=absolute_at,
        relative=float(relative[relative_at]),
        relative_at=relative_at,
    )


def _along(found: Array, direction: tuple[Array, float, float], unit: Array) -> _Worst | None:
    """All elements at once, along a random direction; None if they are right."""
    way, derivative, error = direction
    seen = float(np.sum(found.astype(np.float64) * way))
    units = float(np.sum(np.abs(way) * unit))
    worst = _Worst(abs(seen - derivative), FACTOR * units + error, units)
    return worst if worst.wrong else None


def _kind(answer: Any) -> str:
    name = type(answer).__name__
    return "None" if answer is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _shape_note(shape: tuple[int, ...], expected: tuple[int, ...]) -> str:
    return f"has shape {_show(shape)}, expected {_show(expected)}"


def _show(shape: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def in_one_note(*parts: str | None) -> str | None:
    """Several notes as one."""
    return "; ".join(part for part in parts if part) or None
