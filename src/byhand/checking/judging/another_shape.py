"""Locals that aren't meant as the gradient that their name says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from byhand.checking.judging.trial import Trial
from byhand.checking.judging.turns import Turn
from byhand.checking.running.answers import Answer
from byhand.checking.running.names import loaded_names
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.arrays import Array
from byhand.values.held import array


def locals_of_another_shape(trials: Sequence[Trial]) -> list[Turn]:
    """The locals that may not be meant as the gradient that their name says: they have another
    shape, and gradients of inputs are made of them.

    One that only keeps an axis, drops it, or is to be broadcast is meant as the gradient.
    """
    whole = [each for each in trials if not each.drawn.tied]
    first = next((each for each in whole if each.line_by_line), None)
    if first is None:
        return []
    inputs = {(step.name, step.binding) for step in first.drawn.truth.inputs}
    found: list[Turn] = []
    for answer in first.answers.found:
        data = answer.key[0] in first.problem.data  # whose gradient nobody asks for
        asked = answer.key in inputs and not data
        if asked or not answer.writes or answer.key not in first.wrong:
            continue
        shape = first.drawn.truth.by_key[answer.key].shape
        same = np.shape(answer.value) == shape
        if same or (not data and _fits_in(answer.value, shape)):
            continue
        if _made_of(answer, first.answers.found) & inputs:
            found.append(Turn(tree.root(answer.key[0]), answer.writes[0], None))
    return found


def local_derivatives(trials: Sequence[Trial]) -> list[Turn]:
    """The locals that may be a step's derivative alone, such as `da = a * (1 - a)`: they read no
    gradient, are no multiple of the one they are named after, and gradients of inputs are made of
    them."""
    whole = [each for each in trials if not each.drawn.tied]
    first = next((each for each in whole if each.line_by_line), None)
    if first is None:
        return []
    inputs = {(step.name, step.binding) for step in first.drawn.truth.inputs}
    given = {*first.run.upstream}
    return [
        Turn(tree.root(answer.key[0]), answer.writes[0], None)
        for answer in first.answers.found
        if answer.key not in inputs and answer.key in first.wrong
        if answer.writes and not answer.reads
        if not given & _read(answer, first)
        if not _is_multiple(answer.value, first.true_feeds[answer.key])
        if _made_of(answer, first.answers.found) & inputs
    ]


def _read(answer: Answer, trial: Trial) -> set[str]:
    """The names that an answer's statements read, and those that made the locals it needs."""
    numbers = {n for write in answer.writes for n in (write.number, *write.through)}
    nodes = {trial.run.entered[number] for number in numbers}
    return {name for node in nodes for name, _ in loaded_names(node)}


def _is_multiple(value: Any, true: Array) -> bool:
    held = array(value)
    if held is None or np.shape(held) != true.shape:
        return True  # it is of another shape, or nothing is known
    size = float(np.sum(true * true))
    times = float(np.sum(held * true)) / size if size else 0.0
    return bool(np.allclose(held, times * true, rtol=1e-6, atol=1e-9 * np.max(np.abs(held))))


def is_right(trials: Sequence[Trial], turns: Sequence[Turn]) -> bool:
    """Whether the gradients of inputs that are made of these locals are right on every draw."""
    whole = [each for each in trials if not each.drawn.tied]
    names = {turn.root for turn in turns}
    made = {
        key
        for each in whole
        for answer in each.answers.found
        if tree.root(answer.key[0]) in names
        for key in _made_of(answer, each.answers.found)
    }
    return not any(
        key in each.wrong
        for each in whole
        for step in each.drawn.truth.inputs
        if (key := (step.name, step.binding)) in made
    )


def _made_of(answer: Answer, found: Sequence[Answer]) -> frozenset[Key]:
    """The answers that read one, or what was made of it."""
    made = {answer.key}
    for _ in found:
        made |= {other.key for other in found if other.reads & made}
    return frozenset(made - {answer.key})


def _fits_in(value: Any, shape: tuple[int, ...]) -> bool:
    """Whether a value has this shape, but for axes of length 1, or broadcasts to it."""
    mine = np.shape(value)
    lengths = [[n for n in each if n > 1] for each in (mine, shape)]
    pairs = zip(reversed(mine), reversed(shape), strict=False)
    broadcasts = len(mine) <= len(shape) and all(a in (1, b) for a, b in pairs)
    return broadcasts or lengths[0] == lengths[1]
