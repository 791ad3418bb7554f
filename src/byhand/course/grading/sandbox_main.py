"""Runs one submission, locked in, and sends what it computed.

From the moment its code runs, everything in this process may be changed by it, also what is sent.
So nothing here is a verdict, and nothing here knows what is right: the inputs came from outside,
the upstream gradients on which each line is tried alone are random.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np

from byhand.checking.judging.isolated_run import run_on_feeds
from byhand.checking.running.aliasing import harmful, writer
from byhand.checking.running.answers import Answer, answers
from byhand.checking.running.backward_run import Raised
from byhand.checking.running.run import run_backward
from byhand.course.grading.confine import Limits, lock
from byhand.course.grading.wire import HEADER, READY, Reply, WireValue, encode
from byhand.errors import ByhandError
from byhand.program.problem import Problem, problem_in
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


def main() -> None:
    job, sittings, out = enter()
    send(out, _reply(job, sittings), job.largest)


def enter() -> tuple[Job, Sequence[Sitting], int]:
    """Reads what there is to do, and locks the door: what the submission prints from now on isn't
    taken for an answer."""
    job, sittings = pickle.load(sys.stdin.buffer), pickle.load(sys.stdin.buffer)
    out = os.dup(1)
    os.dup2(2, 1)
    # All that NumPy imports late.
    np.random.default_rng(0).normal()
    locked = lock(job.limits, job.readable)
    os.write(out, " ".join(locked).encode() + b"\n" + READY)
    return job, sittings, out


def send(out: int, reply: Reply, largest: int) -> None:
    values = [value for run in reply.runs for value in run.values()]
    size = sum(value.array.nbytes for value in values if value.array is not None)
    if size + HEADER > largest:
        reply = Reply(error=f"its gradients take {size} bytes: far too many")
    message = encode(reply)
    while message:
        message = message[os.write(out, message) :]
    os._exit(0)  # threads and exit handlers are not waited for


def _reply(job: Job, sittings: Sequence[Sitting]) -> Reply:
    try:
        if job.member:
            own = import_module("byhand.course.grading.submitted")
            with np.errstate(all="ignore"):
                return Reply(tuple(run for each in sittings for run in own.runs(job, each)))
        problem = problem_in(job.source, Path(job.file))
        if not callable(problem.backward):
            return Reply(error=f"{job.file}: has no `def backward(...)`")
        with np.errstate(all="ignore"):
            return Reply(tuple(run for sitting in sittings for run in runs_of(problem, sitting)))
    except ByhandError as error:
        return Reply(error=str(error))
    except BaseException as error:
        return Reply(error=f"{job.file}: raised {type(error).__name__}: {error}")


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
        for damage in harmful(run, given, run.given, sitting.bindings):
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
