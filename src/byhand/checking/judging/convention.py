"""A convention that is kept: gradients of a sum on the way, of a mean in the end.

The courses of deeplearning.ai compute `dZ = A - Y` and divide by the number of examples in `dW` and
`db` alone. Then what is on the way holds m times its gradient, everywhere, and what is asked for is
right. That is no mistake: where one number that follows from the sizes explains it, and some
definition takes that number out again, the answers are judged as holding so many times their
gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from byhand.checking.judging.isolated_run import unscaled
from byhand.checking.judging.trial import EPS, Trial
from byhand.checking.running.answers import Answer
from byhand.engine.bounded import Bounded
from byhand.program.program import Program
from byhand.referees.referee import Key
from byhand.values.arrays import Array
from byhand.values.held import array, as_number

SAME = 1e-7

SLACK = 1e4
"""How much more than rounding does to the engine's sweep it may have done to what is recognized."""


@dataclass(frozen=True, eq=False)
class Convention:
    """The answers that hold so many times their gradient: `number` is the size on the first draw,
    `inverse` whether they hold the gradient divided by it."""

    keys: frozenset[Key]
    size: str
    number: int
    inverse: bool
    handed: bool = False
    """Whether it is the gradient that backward is handed that is of a sum."""


def adopt(trials: Sequence[Trial]) -> tuple[list[Trial], Convention | None]:
    """The trials with the convention that their backward keeps, if it keeps one."""
    apart = [each for each in trials if each.line_by_line and not each.drawn.tied]
    if not apart or not apart[0].wrong:
        return [*trials], None
    first = apart[0]
    divided = _divided(apart)
    if divided is not None:
        return [_scaled(each, divided) for each in trials], divided
    inputs = {(step.name, step.binding) for step in first.drawn.truth.inputs}
    for answer in first.answers.found:
        if answer.key not in first.wrong or not answer.writes:
            continue
        if answer.key in inputs:  # what is asked for is to be right
            return [*trials], None
        sizes = [*_sizes_of(first, answer), *_sizes_of_readers(first, answer)]
        for size, number, inverse in sizes:
            found = _kept(first, answer.key, number, inverse)
            sized = [each for each in apart[1:] if _size(each, size)]
            if found is None or not all(
                _kept_in(each, answer.key, size, inverse) for each in sized
            ):
                continue
            kept = Convention(found, size, number, inverse)
            return [_scaled(each, kept) for each in trials], kept
        return [*trials], None  # the first that is wrong begins it, or nothing does
    return [*trials], None


def _divided(apart: Sequence[Trial]) -> Convention | None:
    """That of one layer: what it is handed and hands on is of a sum, and the gradients of its
    parameters, two or more, are all divided by the number of examples, which what it hands on has
    an axis of. Nothing else is wrong."""
    first = apart[0]
    wrong = [answer for answer in first.answers.found if answer.key in first.wrong]
    inputs = {(step.name, step.binding) for step in first.drawn.truth.inputs}
    keys = frozenset(answer.key for answer in wrong)
    handed_on = [a for a in first.answers.found if a.key in inputs and a.key not in keys]
    if len(keys) < 2 or not keys <= inputs or not handed_on:
        return None
    examples = {n for g in first.drawn.upstream_by_name.values() for n in np.shape(g)}
    for size, number in _sizes(first.drawn.truth).items():
        rows = all(number in first.true_feeds[each.key].shape for each in handed_on)
        if number > 1 and number in examples and rows:
            same = [(each, n) for each in apart if (n := _size(each, size)) is not None]
            if len(same) > 1 and all(
                _right(each, answer, 1 / n)
                for each, n in same
                for answer in each.answers.found
                if answer.key in keys
            ):
                return Convention(keys, size, number, inverse=True, handed=True)
    return None


def _sizes_of(trial: Trial, answer: Answer) -> Iterator[tuple[str, int, bool]]:
    """The sizes that make an answer right, alone, if it is divided by one or multiplied by it."""
    held = array(as_number(trial.on_truth.get(answer.key)))
    times = times_of(held, trial.true_feeds[answer.key], trial.drawn.truth)
    for size, number in _sizes(trial.drawn.truth).items():
        for inverse in (False, True):
            if number > 1 and (1 / number if inverse else float(number)) in times:
                yield size, number, inverse


def _sizes_of_readers(trial: Trial, begins: Answer) -> Iterator[tuple[str, int, bool]]:
    """The sizes by which the inputs' gradients that read an answer are divided once too often: what
    begins a convention may itself be wrong."""
    inputs = {(step.name, step.binding) for step in trial.drawn.truth.inputs}
    if begins.key in inputs:
        return
    readers = [a for a in trial.answers.found if a.key in inputs and not _right(trial, a, 1.0)]
    times = [
        times_of(array(as_number(trial.on_truth.get(a.key))), trial.true_feeds[a.key], program)
        for a in readers
        for program in [trial.drawn.truth]
    ]
    for size, number in _sizes(trial.drawn.truth).items():
        if number > 1 and sum(1 / number in each for each in times) > 1:
            yield size, number, False


def times_of(held: Array | None, true: Array, program: Program) -> frozenset[float]:
    """How many times the true gradient a value is, if that is a size or one over a size."""
    if held is None or held.shape != true.shape or held.dtype.kind != "f" or not true.any():
        return frozenset()
    with np.errstate(all="ignore"):
        ratio = float(np.nansum(held * true) / np.nansum(true * true))
    numbers = {number for number in _sizes(program).values() if number > 1}
    times = {times for number in numbers for times in (float(number), 1 / number)}
    return frozenset(each for each in times if abs(ratio - each) <= SAME * each)


def _sizes(program: Program) -> Mapping[str, int]:
    """The sizes that a mean may have been taken over, by what forward calls them."""
    found: dict[str, int] = {}
    for name, value in program.locals.items():
        if type(value) is int:
            found[name] = value
    for step in program:
        found[f"{step.name}.size"] = step.value.size
        for axis, length in enumerate(step.shape):
            found[f"{step.name}.shape[{axis}]"] = length
    return found


def _size(trial: Trial, size: str) -> int | None:
    return _sizes(trial.drawn.truth).get(size)


def _kept(trial: Trial, begins: Key, number: int, inverse: bool) -> frozenset[Key] | None:
    """The answers that hold so many times their gradient, if the inputs' gradients that read them
    take the number out again, or at least so many that fewer are wrong then. `begins` is the first.

    One that is wrong either way is taken for one of them if it reads one.
    """
    times = 1 / number if inverse else float(number)
    inputs = {(step.name, step.binding) for step in trial.drawn.truth.inputs}
    scaled = _spread(trial, {begins: times}, times)
    for answer in trial.answers.found:  # one that leaves it too early is less than all its readers
        if answer.key in inputs or answer.key in scaled or not answer.reads & scaled.keys():
            continue
        more = _spread(trial, {**scaled, answer.key: times}, times)
        if _number_wrong(trial, more) < _number_wrong(trial, scaled):
            scaled = more
    tried = _with_scales(trial, scaled)
    readers = [a for a in tried.answers.found if a.key in inputs and a.reads & scaled.keys()]
    taken_out = [_right(tried, a, 1.0) for a in readers if not _right(tried, a, times)]
    passed_on = [_right(tried, a, times) for a in readers if not _right(tried, a, 1.0)]
    # Without it, what begins it is wrong, and whatever takes the number out again.
    return frozenset(scaled) if any(taken_out) and sum(passed_on) <= sum(taken_out) else None


def _spread(trial: Trial, begun: Mapping[Key, float], times: float) -> dict[Key, float]:
    """These, and what on the way is right only if it holds so many times its gradient, too."""
    inputs = {(step.name, step.binding) for step in trial.drawn.truth.inputs}
    scaled = dict(begun)
    for _ in trial.answers.found:  # one more each time, in backward's order
        tried = _with_scales(trial, scaled)
        open_ones = [
            answer
            for answer in tried.answers.found
            if answer.writes
            and answer.key not in inputs
            and answer.key not in scaled
            and not _right(tried, answer, 1.0)
        ]
        more = [answer.key for answer in open_ones if _right(tried, answer, times)]
        more += [answer.key for answer in open_ones if answer.reads & scaled.keys()]
        if not more:
            break
        scaled[more[0]] = times
    return scaled


def _number_wrong(trial: Trial, scales: Mapping[Key, float]) -> int:
    tried = _with_scales(trial, scales)
    return sum(not _right(tried, a, scales.get(a.key, 1.0)) for a in tried.answers.found)


def _kept_in(trial: Trial, begins: Key, size: str, inverse: bool) -> bool:
    """Whether the convention is kept on another draw, too; where the size is 1 nothing tells."""
    number = _size(trial, size)
    assert number is not None
    return number == 1 or _kept(trial, begins, number, inverse) is not None


def _right(trial: Trial, answer: Answer, times: float) -> bool:
    """Whether a definition gives `times` its gradient where it reads the true ones."""
    value = unscaled(trial.on_truth.get(answer.key), times)
    return nearly(value, trial.drawn.true_gradients[trial.drawn.truth.by_key[answer.key].tensor])


def nearly(value: Any, true: Bounded) -> bool:
    """Whether a value is meant to be this gradient: what rounding did to it is judged later."""
    held = array(as_number(value))
    if held is None or held.shape != true.value.shape or held.dtype.kind != "f":
        return False
    known = np.isfinite(true.value)
    right, error = true.value[known], true.error[known]
    allowed = SAME * np.max(np.abs(right), initial=0.0) + SLACK * EPS * error
    off = np.abs(np.asarray(held)[known] - right)
    return bool(known.any() and np.all(off <= allowed)) or right.size == held.size == 0


def _scaled(trial: Trial, kept: Convention) -> Trial:
    number = _size(trial, kept.size)
    if number is None:
        return trial
    times = 1 / number if kept.inverse else float(number)
    return _with_scales(trial, dict.fromkeys(kept.keys, times))


def _with_scales(trial: Trial, scales: Mapping[Key, float]) -> Trial:
    if not scales:
        return trial
    found = tuple(
        replace(answer, scale=scales.get(answer.key, 1.0)) for answer in trial.answers.found
    )
    return replace(trial, answers=replace(trial.answers, found=found))
