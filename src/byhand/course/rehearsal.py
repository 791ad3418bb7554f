"""A learner's backward, run once as it stands, so that what it prints there can be seen.

A check runs it dozens of times, at other sizes and statement by statement: that isn't shown.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from pathlib import Path

import numpy as np

from byhand.deriving.cost import available
from byhand.program.call import call_of
from byhand.program.plain_run import inputs_of_their_own, plain_locals
from byhand.program.problem import Problem
from byhand.program.trace import trace_problem
from byhand.values.arrays import speaks_torch


def rehearse(problem: Problem) -> None:
    """Runs forward and backward at the file's own inputs. What goes wrong, the check will say."""
    with contextlib.suppress(Exception), np.errstate(all="ignore"):
        inputs = problem.inputs()
        with silent():
            program = trace_problem(problem, inputs)
        plain_locals(problem, inputs_of_their_own(inputs))
        call = call_of(problem)
        call.answers(call.filled(available(problem, program, speaks_torch(inputs))))


@contextlib.contextmanager
def silent() -> Generator[None]:
    """Nothing that is printed in its body arrives, not even by compiled code or subprocesses."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        kept = os.dup(1)
        try:
            os.dup2(nowhere.fileno(), 1)
            with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
                yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
