"""Where a referee gives no number, finite differences may.

`np.where(x > 0, x, np.exp(x))` has the slope 1 at 800, but the sweep multiplies 0 by infinity on
the branch that wasn't taken. What finite differences can't tell either is left as it is: nobody
judges it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from byhand.checking.sampling.sample_inputs import Draw
from byhand.errors import RefereeError
from byhand.program.problem import Problem
from byhand.referees.referee import Gradient, Key

ROUGH = 1e-4
"""What finite differences say at the edge of a domain is less exact than this where it is noise."""


def filled(problem: Problem, drawn: Draw, truths: Mapping[Key, Gradient]) -> dict[Key, Gradient]:
    """The truths that lack numbers, with those that finite differences give in their place."""
    lacking = {
        key: np.flatnonzero(~np.isfinite(truth.value))
        for key, truth in truths.items()
        if truth.places is None and not np.isfinite(truth.value).all()
    }
    if not lacking:
        return {}
    from byhand.referees.finite import differences_at

    try:
        found = differences_at(problem, drawn.inputs, lacking, drawn.upstream)
    except RefereeError:
        return {}
    return {key: _with(truths[key], there, drawn) for key, there in found.items()}


def _with(truth: Gradient, more: Gradient, drawn: Draw) -> Gradient:
    value, error = truth.value.copy(), truth.error.copy()
    sizes = np.abs(np.concatenate([value.ravel(), *(g.ravel() for g in drawn.upstream)]))
    usual = np.max(sizes, initial=0.0, where=np.isfinite(sizes))
    told = more.error <= ROUGH * np.maximum(np.abs(more.value), usual)
    places = np.asarray(more.places)[told]
    value.flat[places], error.flat[places] = more.value[told], more.error[told]
    return replace(truth, value=value, error=error)
