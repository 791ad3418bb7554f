"""A convention that is kept: gradients of a sum on the way, of a mean in the end; or an error.

The courses of deeplearning.ai compute `dZ = A - Y` and divide by the number of examples in `dW` and
`db` alone. Then what is on the way holds m times its gradient, everywhere, and what is asked for is
right. Others begin with the error `dZ = Y - A`, the gradient with the other sign, and put the minus
where it is used; or leave the 2 of a squared error, or `2 / m`, for the end. That is no mistake:
where one number that is a sign, that 2, or follows from the sizes explains it, and some definition
takes that number out again, the answers are judged as holding so many times their gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
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


@dataclass(frozen=True)
class Times:
    """How many times its gradient an answer holds: a factor, and a size or one over it, if `size`
    names one. The factor is a sign, and perhaps the 2 of a square."""

    factor: float
    size: str | None = None
    inverse: bool = False

    def at(self, sizes: Mapping[str, int]) -> float | None:
        """The number, at these sizes; None where there is no such size."""
        if self.size is None:
            return self.factor
        number = sizes.get(self.size)
        return self.factor * (1 / number if self.inverse else number) if number else None


ALONE = (Times(-1.0), Times(0.5), Times(-0.5))
"""Without a size: an error with the other sign, or without the 2 of a square."""

FACTORS = (1.0, -1.0, 0.5, -0.5, 2.0, -2.0)
"""What a size may be taken times, the likeliest first."""


@dataclass(frozen=True, eq=False)
class Convention:
    """The answers that hold so many times their gradient, and the size in the first draw."""

    keys: frozenset[Key]
    times: Times
    number: int
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
    asked = [answer for answer in first.answers.found if answer.key in inputs]
    if all(answer.writes and _right(first, answer, 1.0) for answer in asked):
        return [*trials], None  # none of them takes a number out
    of_readers = [*_times_of_readers(first)]
    for answer in first.answers.found:
        if answer.key not in first.wrong or not answer.writes:
            continue
        if answer.key in inputs:  # what is asked for is to be right
            continue
        for times in [*_times_of_it(first, answer), *of_readers]:
            found = _kept(first, answer.key, times)
            if found and all(_kept_in(each, answer.key, times) for each in apart[1:]):
                number = _sizes(first.drawn.truth).get(times.size or "", 1)
                kept = Convention(found, times, number)
                return [_scaled(each, kept) for each in trials], kept
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
                return Convention(keys, Times(1.0, size, inverse=True), number, handed=True)
    return None


def _times_of_it(trial: Trial, answer: Answer) -> Iterator[Times]:
    """What makes an answer right, alone, if it is taken out."""
    held = array(as_number(trial.on_truth.get(answer.key)))
    numbers = times_of(held, trial.true_feeds[answer.key], trial.drawn.truth)
    if numbers:
        yield from (each for each, number in _all_times(trial.drawn.truth) if number in numbers)


def _times_of_readers(trial: Trial) -> Iterator[Times]:
    """What the inputs' gradients take out once too often: what begins a convention may itself be
    wrong."""
    inputs = {(step.name, step.binding) for step in trial.drawn.truth.inputs}
    program = trial.drawn.truth
    readers = [a for a in trial.answers.found if a.key in inputs and not _right(trial, a, 1.0)]
    held = {a.key: array(as_number(trial.on_truth.get(a.key))) for a in readers}
    found = (times_of(value, trial.true_feeds[key], program) for key, value in held.items())
    numbers = [some for some in found if some]
    for times, number in _all_times(program) if len(numbers) > 1 else ():
        if sum(any(abs(each * number - 1) <= SAME for each in some) for some in numbers) > 1:
            yield times


def times_of(held: Array | None, true: Array, program: Program) -> frozenset[float]:
    """How many times the true gradient a value is, if that is a sign or follows from a size."""
    if held is None or held.shape != true.shape or held.dtype.kind != "f" or not true.any():
        return frozenset()
    with np.errstate(all="ignore"):
        ratio = float(np.nansum(held * true) / np.nansum(true * true))
    numbers = _numbers(program)
    return frozenset(numbers[np.abs(numbers - ratio) <= SAME * np.abs(numbers)].tolist())


@lru_cache(maxsize=1 << 4)
def _all_times(program: Program) -> tuple[tuple[Times, float], ...]:
    """What a convention may take a gradient times, each with the number that it is here."""
    return tuple(_each_times(_sizes(program)))


@lru_cache(maxsize=1 << 4)
def _numbers(program: Program) -> Array:
    """The numbers of `_all_times`, each once."""
    sizes = np.unique([number for number in _sizes(program).values() if number > 1])
    found = np.outer(FACTORS, [*sizes, *(1 / sizes)]).ravel()
    alone = [times.factor for times in ALONE]
    return np.unique([*alone, *found[np.abs(found) != 1.0]])


def _each_times(sizes: Mapping[str, int]) -> Iterator[tuple[Times, float]]:
    yield from ((times, times.factor) for times in ALONE)
    sizes = {size: number for size, number in sizes.items() if number > 1}
    for factor in FACTORS:
        for size in sizes:
            for inverse in (False, True):
                times = Times(factor, size, inverse)
                number = times.at(sizes)
                if number is not None and abs(number) != 1.0:
                    yield times, number


@lru_cache(maxsize=1 << 4)
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


def _kept(trial: Trial, begins: Key, kept: Times) -> frozenset[Key] | None:
    """The answers that hold so many times their gradient, if the inputs' gradients that read them
    take the number out again, or at least so many that fewer are wrong then. `begins` is the first.

    One that is wrong either way is taken for one of them if it reads one. One that reads none may
    have a mistake of its own that looks the same: such a sign.
    """
    times = kept.at(_sizes(trial.drawn.truth))
    assert times is not None
    if times < 0 and (found := _kept_by(trial, begins, times, read=True)) is not None:
        return found
    return _kept_by(trial, begins, times)


def _kept_by(trial: Trial, begins: Key, times: float, read: bool = False) -> frozenset[Key] | None:
    """The same; with `read`, each of them reads another."""
    inputs = {(step.name, step.binding) for step in trial.drawn.truth.inputs}
    scaled = _spread(trial, {begins: times}, times, read)
    for answer in trial.answers.found:  # one that leaves it too early is less than all its readers
        if answer.key in inputs or answer.key in scaled or not answer.reads & scaled.keys():
            continue
        more = _spread(trial, {**scaled, answer.key: times}, times, read)
        if _number_wrong(trial, more) < _number_wrong(trial, scaled):
            scaled = more
    tried, readers = _readers(trial, scaled)
    # One that shares a statement with what reads them is right either way.
    taken_out = [_right(tried, a, 1.0) for a in readers if not _right(trial, a, 1.0)]
    passed_on = [_right(tried, a, times) for a in readers if not _right(tried, a, 1.0)]
    if not readers:  # what was only returned reads nobody knows what
        returned = [a for a in tried.answers.found if a.key in inputs and not a.writes]
        taken_out = [trial.holds(a.key) for a in returned]
        passed_on = [_holds_times(trial, a, times) for a in returned]
    # Without it, what begins it is wrong, and whatever takes the number out again.
    if not any(taken_out) or sum(passed_on) > sum(taken_out):
        return None
    return frozenset(scaled) if _statements_wrong(tried) < _statements_wrong(trial) else None


def _readers(trial: Trial, scaled: Mapping[Key, float]) -> tuple[Trial, Sequence[Answer]]:
    """The trial with these scales, and the inputs' gradients that read one of them."""
    inputs = {(step.name, step.binding) for step in trial.drawn.truth.inputs}
    tried = _with_scales(trial, scaled)
    found = tried.answers.found
    return tried, [a for a in found if a.key in inputs and a.reads & scaled.keys()]


def _spread(trial: Trial, begun: Mapping[Key, float], times: float, read: bool) -> dict[Key, float]:
    """These, and what on the way is right only if it holds so many times its gradient, too; with
    `read`, only if it reads one of them."""
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
        reading = [answer for answer in open_ones if answer.reads & scaled.keys()]
        among = reading if read else open_ones
        more = [a.key for a in (*(a for a in among if _right(tried, a, times)), *reading)]
        if not more:
            break
        scaled[more[0]] = times
    return scaled


def _number_wrong(trial: Trial, scales: Mapping[Key, float]) -> int:
    tried = _with_scales(trial, scales)
    return sum(not _right(tried, a, 1.0) for a in tried.answers.found)


def _statements_wrong(trial: Trial) -> int:
    """How many statements are wrong: one in a loop is one."""
    wrong = (a for a in trial.answers.found if not _right(trial, a, 1.0))
    return len({a.writes[-1].node if a.writes else a.key for a in wrong})


def _kept_in(trial: Trial, begins: Key, kept: Times) -> bool:
    """Whether the convention is kept on another draw, too, if that tells: at a size of 1, or where
    what reads it is zero, nothing does."""
    times = kept.at(_sizes(trial.drawn.truth))
    if times in (None, 1.0) or _kept(trial, begins, kept) is not None:
        return True
    assert times is not None
    tried, readers = _readers(trial, {begins: times})
    return all(_right(tried, each, 1.0) and _right(tried, each, times) for each in readers)


def _holds_times(trial: Trial, answer: Answer, times: float) -> bool:
    """Whether what was given in the end is so many times its gradient."""
    true = trial.drawn.true_gradients[trial.drawn.truth.by_key[answer.key].tensor]
    return nearly(unscaled(answer.value, times), true)


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
    times = kept.times.at(_sizes(trial.drawn.truth))
    return trial if times is None else _with_scales(trial, dict.fromkeys(kept.keys, times))


def _with_scales(trial: Trial, scales: Mapping[Key, float]) -> Trial:
    if not scales:
        return trial
    found = tuple(
        replace(answer, scale=scales.get(answer.key, 1.0)) for answer in trial.answers.found
    )
    return replace(trial, answers=replace(trial.answers, found=found))
