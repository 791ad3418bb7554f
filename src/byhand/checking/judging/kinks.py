"""At a kink of forward, such as relu's 0, any slope between the two sides is right.

Inputs are moved away from ties of steps that choose (`sampling/ties.py`), but a mask brings zeros
back, and of `np.where(x > 0, x, 0)` nobody knows that it chooses. So where forward is at an edge
and an answer is wrong there, finite differences look at the slopes on both sides (Griewank and
Walther, Evaluating Derivatives, chapter 14).

What lies on the bound of a clip may have all of the gradient or nothing. That is asked first, since
differences don't see the slope of what is rounded and handed on by `detach` before it is cut off,
as a quantiser does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from byhand.checking.judging.tie_weights import judged_ties
from byhand.checking.sampling.sample_inputs import Draw
from byhand.checking.sampling.ties import ties
from byhand.engine.backward import gradients
from byhand.errors import RefereeError
from byhand.program.problem import Problem
from byhand.referees.referee import Gradient, Key
from byhand.values.arrays import Array

KINK = "forward has a kink there, where any slope between those of the two sides is right"


def has_kinks(drawn: Draw) -> bool:
    """Whether any value of forward lies where it may have a kink."""
    return drawn.truth.at_an_edge or any(tie.members for tie in ties(drawn.truth))


def at_kinks(
    problem: Problem, drawn: Draw, key: Key, truth: Gradient, off: Array
) -> Gradient | None:
    """The truth with the slopes of both sides, as value and error, where an answer is `off`; None
    where these are no kinks. It is asked where there are some.

    Of many such elements some are looked at; if all of those are at kinks, the others are left out.
    """
    if truth.places is not None or drawn.tied:
        return None
    if (bounds := _at_bounds(drawn, key, truth, off)) is not None:
        return bounds
    from byhand.referees.finite import differences_at

    wanted = np.flatnonzero(off)
    try:
        found = differences_at(problem, drawn.inputs, {key: wanted}, drawn.upstream)[key]
    except RefereeError:
        return None
    if found.kinks is None or not found.kinks.all():
        return None
    value, error = truth.value.copy(), truth.error.copy()
    value.flat[wanted] = np.nan
    seen = np.asarray(found.places)
    value.flat[seen], error.flat[seen] = found.value, found.error
    return replace(truth, value=value, error=error)


def _at_bounds(drawn: Draw, key: Key, truth: Gradient, off: Array) -> Gradient | None:
    """The truth with what lies on a bound, which is a constant, given all or nothing."""
    tensor = drawn.truth.by_key[key].tensor
    low, high = np.zeros(truth.value.shape), np.zeros(truth.value.shape)
    for tie in judged_ties(drawn.truth):
        g = drawn.true_gradients.get(tie.node)
        if g is None or not tie.constant:
            continue
        for member in tie.members:
            source = tie.node.args[member.position]
            seed = np.zeros_like(source.value)
            seed.flat[member.index] = member.slope * g.value.flat[tie.place]
            whole = gradients([(source, seed)]).get(tensor)
            if whole is not None:
                nothing, all_of_it = -member.weight * whole, (1 - member.weight) * whole
                low += np.minimum(nothing, all_of_it)
                high += np.maximum(nothing, all_of_it)
    if not np.all(high[off] > low[off]):
        return None
    value, error = truth.value + (low + high) / 2, truth.error + (high - low) / 2
    return replace(truth, value=value, error=error)
