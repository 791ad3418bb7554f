"""Runs one submission, locked in, and sends what it computed.

From the moment its code runs, everything in this process may be changed by it, also what is sent.
So nothing here is a verdict.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import numpy as np

from byhand.course.grading.confine import lock
from byhand.course.grading.sitting import Job, Sitting, runs_of
from byhand.course.grading.wire import HEADER, READY, Reply, encode
from byhand.errors import ByhandError
from byhand.program.problem import problem_in


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
