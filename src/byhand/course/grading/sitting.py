"""A sitting: what a submission is run on, and what it gives there.

Nothing here knows what is right: the inputs came from outside, and the upstream gradients on which
each line is tried alone are random.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np

from byhand.checking.judging.isolated_run import run_on_feeds
from byhand.checking.running.aliasing import harmful, writer
from byhand.checking.running.answers import Answer, answers
from byhand.checking.running.backward_run import Raised
from byhand.checking.running.run import run_backward
from byhand.course.grading.confine import Limits
from byhand.course.grading.wire import WireValue
from byhand.program.problem import Problem
from byhand.referees.referee import Key
from byhand.values.held import array


@dataclass(frozen=True)
class Job:
    """A submission's source and what it is called, the limits, the paths it may read (None: what
    can be seen), and the largest answer in bytes. In a file of another form than that of an
    exercise, `member` is the problem that is graded."""

    source: str
    file: str
    limits: Limits
    readable: tuple[str, ...] | None
    largest: int
    member: str = ""


@dataclass(frozen=True)
class Bound:
    """A step of forward, as far as the answers need to know it (`Step`)."""

    line: int | None
    is_another: bool
    source: str = ""


@dataclass(frozen=True, eq=False)
class Sitting:
    """What a submission is run on once: the inputs and locals of forward, the gradients that come
    in, and a random gradient for every step, each by name and binding; and the inputs, as they were
    before forward, and the sizes that were chosen, where the submission brings its own forward."""

    locals: Mapping[str, Any]
    upstream: Mapping[str, Any]
    bindings: Mapping[str, tuple[Bound, ...]]
    feeds: Mapping[Key, Any]
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    sizes: Mapping[str, int] = field(default_factory=dict[str, int])

    def __contains__(self, name: object) -> bool:
        return name in self.bindings


def runs_of(
    problem: Problem, sitting: Sitting
) -> tuple[Mapping[Key, WireValue], Mapping[Key, WireValue]]:
    """What backward gives, and what each of its definitions gives alone."""
    # Where a statement raises, what comes after it goes on with a random gradient.
    stand_ins = {name: sitting.feeds[name, 0] for name in sitting.bindings}
    run = run_backward(problem, sitting.locals, sitting.upstream, stand_ins)
    given = answers(cast(Any, sitting), run)
    written = [answer for answer in given.found if answer.value is not Ellipsis]
    values = {answer.key: _value(answer) for answer in written}
    alone: dict[Key, WireValue] = {}
    if run.function is not None:
        for damage in harmful(run, given, sitting.bindings, sitting.inputs):
            if (key := writer(damage, given)) in values:
                values[key] = replace(values[key], harms=damage.changed)
        found = run_on_feeds(run.function, run.given, given, sitting.feeds)
        alone = {key: _plain(found.get(key)) for key in values}
    return values, alone


def _value(answer: Answer) -> WireValue:
    plain = _plain(answer.value)
    return WireValue(plain.array, plain.words, plain.raised, answer.line, answer.reads)


def _plain(value: Any) -> WireValue:
    if isinstance(value, Raised):
        return WireValue(None, value.message, raised=True)
    found = array(value)
    if found is None:
        return WireValue(None, f"is a {type(value).__name__}, not an array of floats")
    if found.dtype.kind != "f":
        return WireValue(None, f"holds {found.dtype}; a gradient needs floats")
    return WireValue(found.astype(np.float64) if found.dtype.itemsize > 8 else found)
