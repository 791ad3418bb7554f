"""Judging what one call of a kernel gave: each output and each gradient against the truth."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from byhand.checking.judging.compare import Comparison, compare
from byhand.kernels.case import Case, Name
from byhand.kernels.kernel import Ran
from byhand.referees.referee import Gradient
from byhand.values.arrays import Array


@dataclass(frozen=True)
class Judgement:
    """A comparison for each output that is of floats, by its place, and each gradient, by name."""

    outputs: Mapping[int, Comparison]
    gradients: Mapping[str, Comparison]

    @property
    def right(self) -> bool:
        """Whether nothing is wrong; what can't be judged isn't."""
        return not self.wrong

    @property
    def wrong(self) -> Mapping[Name, Comparison]:
        found: dict[Name, Comparison] = {**self.outputs, **self.gradients}
        return {name: one for name, one in found.items() if not (one.right or one.unjudged)}


def judged(case: Case, ran: Ran, needs: Collection[str] | None = None) -> Judgement:
    """Judges what the kernel gave on a case: all that the case asks for, or the gradients of
    `needs`. Raises what the reference raises."""
    outputs = {
        name: _compared(case, name, ran.outputs[name] if name < len(ran.outputs) else None)
        for name in case.true
        if isinstance(name, int)
    }
    gradients = {
        name: _compared(case, name, ran.gradients.get(name)) for name in needs or case.needs
    }
    return Judgement(outputs, gradients)


def _compared(case: Case, name: Name, answer: Any) -> Comparison:
    true, framework = case.true[name], case.kernel.framework
    if answer is None:
        return _none(case, name, true)
    kind = framework.float_type(answer)
    value = framework.numpy(answer)
    if kind is None or value.shape != true.shape:
        return compare(value, Gradient(true, true), true, _FLOAT64)
    with np.errstate(invalid="ignore", over="ignore"):
        fitting = true
        if kind != "float64":  # what is too large for a narrower type is infinite there
            fitting = framework.numpy(framework.like(true, answer))
            true = np.where(np.isfinite(true) & ~np.isfinite(fitting), np.nan, true)
        error = np.where(np.isfinite(true) & (value != true), np.abs(value - true), 0.0)
        allowed = case.allowed(name, error)
    found = compare(value, Gradient(true, allowed), np.zeros(true.shape), _FLOAT64)
    if found.right and case.vague(name, allowed):
        return Comparison("unjudged", value.shape, note=f"in {case.dtype}, {_VAGUE}")
    largest = _largest(true) or 1.0
    ulps = None if found.max_error is None else found.max_error / (case.eps * largest)
    same = found.right and np.array_equal(value, fitting, equal_nan=True)
    return replace(found, ulps=ulps, verdict="exact" if same else found.verdict)


def _none(case: Case, name: Name, true: Array) -> Comparison:
    """None is a gradient of zeros: right where it is nothing else, or terms that cancel."""
    allowed = case.allowed(name, np.abs(true))
    if np.all(np.abs(true) <= allowed) and not case.vague(name, allowed):
        return Comparison("exact", note="None, where the gradient is 0 everywhere")
    return Comparison("missing", note=f"None; the gradient goes up to {_largest(true):.2g}")


_FLOAT64 = np.dtype(np.float64)

_VAGUE = "rounding could explain any value here: try other inputs, or a wider type"


def _largest(value: Array) -> float:
    return float(np.max(np.abs(value), initial=0.0, where=np.isfinite(value)))
