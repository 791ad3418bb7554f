"""Answers of which rounding could explain any value: nothing is known of them.

Where forward cancels, as the variance in one pass does at a mean of 1e6, so much of a gradient is
rounding that its bound exceeds the gradient everywhere. That alone says little: a gradient that is
zero because its terms cancel is smaller than any bound. So the bound is also compared with the size
of the terms, which a sweep shows in which every gradient is passed on with random signs: there
nothing cancels that didn't have to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial

import numpy as np

from byhand.checking.judging.compare import FACTOR
from byhand.checking.judging.evidence import as_array, evidence_of
from byhand.checking.judging.trial import Trial
from byhand.checking.running.answers import Answer
from byhand.checking.sampling.sample_inputs import Draw
from byhand.engine.backward import gradients
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.referees.referee import Key
from byhand.values.arrays import Array

NEAR = 0.1
"""Of the size of a gradient's terms: an answer in half precision that is as near is no accident."""


def vague(trials: Sequence[Trial], answer: Answer) -> str | None:
    """Why nothing is known of an answer; None if its value is, or its definition alone was seen to
    be right on some draw."""
    first = trials[0]
    true = first.drawn.true_gradients[first.drawn.truth.by_key[answer.key].tensor]
    if not _vague(first.drawn, answer.key, true, {}) or _near(first, answer, true):
        return None
    for trial in trials:
        if not trial.line_by_line or trial.drawn.tied:
            continue
        for there in trial.answers.found:
            if there.key == answer.key and there.writes:
                found = evidence_of(trial, there)
                stops = {key: found.feeds[key] for key in found.cut}
                known = not _vague(trial.drawn, there.key, found.expected, stops)
                # Where it is zero, a gradient that is left out is right as well.
                tells = np.any(np.abs(found.expected.value) > _bound(trial.drawn, found.expected))
                if known and tells and found.comparison.right:
                    return None
    return _why(first.drawn)


def _vague(drawn: Draw, key: Key, true: Bounded, feeds: Mapping[Key, Array]) -> bool:
    """Whether the bound on a gradient's rounding exceeds its size, and its terms', everywhere."""
    bound = _bound(drawn, true)
    open_to = true.error > 0
    if not open_to.any() or not np.all(bound >= np.abs(true.value), where=open_to):
        return False
    terms = _uncancelled(drawn, feeds) if feeds else _true_uncancelled(drawn)
    size = np.abs(terms[drawn.truth.by_key[key].tensor])
    return bool(np.all(bound >= size, where=open_to))


def _bound(drawn: Draw, true: Bounded) -> Array:
    return FACTOR * drawn.eps * true.error


def _near(trial: Trial, answer: Answer, true: Bounded) -> bool:
    """Whether an answer in a narrow type is near the truth, as float64 knows it."""
    value = as_array(answer.value)
    if trial.drawn.program is trial.drawn.truth or value is None:
        return False
    terms = np.abs(_true_uncancelled(trial.drawn)[trial.drawn.truth.by_key[answer.key].tensor])
    return bool(np.max(np.abs(value - true.value)) <= NEAR * np.max(terms))


def _uncancelled(drawn: Draw, feeds: Mapping[Key, Array]) -> Mapping[Tensor, Array]:
    """The gradients as large as their terms make them."""
    steps, rng = drawn.truth.by_key, np.random.default_rng([drawn.seed, 5])
    outputs = [step.tensor for step in drawn.truth.outputs]
    seeds = zip(outputs, drawn.upstream, strict=True)
    fed = {steps[key].tensor: g for key, g in feeds.items()}
    return gradients(seeds, feeds=fed, passing=partial(_with_signs, rng))


@lru_cache(maxsize=1)  # each answer of a report asks for the same
def _true_uncancelled(drawn: Draw) -> Mapping[Tensor, Array]:
    return _uncancelled(drawn, {})


def _with_signs(rng: np.random.Generator, g: Array) -> Array:
    # Of unlike sizes, too: where a value is subtracted from itself, equal ones cancel.
    turned = np.asarray(rng.uniform(-1.0, 1.0, np.shape(g)))
    return g * (turned + np.copysign(0.5, turned))


def _why(drawn: Draw) -> str:
    """Names the first value of forward that may be nothing but rounding."""
    for step in drawn.truth.steps:
        known = drawn.forward_bounds[step.tensor]
        bound = FACTOR * drawn.eps * known.error
        if (bound > 0).any() and np.all(bound >= np.abs(known.value)):
            where = f"{step.name} (line {step.line}) may be nothing but rounding"
            return f"{where}: try other inputs, or compute it in another way"
    return "rounding could explain any value: try other inputs, or another form of forward"
