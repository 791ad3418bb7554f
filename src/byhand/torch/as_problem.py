# pyright: basic
"""A subject as a problem: its own forward and backward where these can be followed, else what it
gives."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from byhand.errors import ProblemError
from byhand.kernels.kernel import Ran
from byhand.program.problem import Problem
from byhand.program.trace import trace_problem
from byhand.sources.autograd_functions.problem import problem_of_function
from byhand.torch.by_outputs import problem_by_outputs
from byhand.torch.faithful import gives_the_same
from byhand.torch.followed import disbelieved, in_double
from byhand.torch.given import Given
from byhand.torch.reference import Reference, kept
from byhand.torch.subject import Subject
from byhand.torch.truth import truths


def as_problem(
    subject: Subject,
    found: Given,
    reference: Reference | None,
    ran: Ran,
    seed: int,
) -> tuple[Problem, str] | None:
    """The subject as a problem, and who says what is true of it; None where one call of it gives
    something else than the next.

    Its statements are judged where they can be, its outputs elsewhere. Raises ProblemError if it
    can't be run, or nothing says what is true.
    """

    def draw(rng: np.random.Generator, **sizes: int) -> dict[str, Any]:
        return found.make(rng, sizes)

    python = subject.python
    written: Callable[..., Problem] | None = None
    if python is not None:
        written = partial(
            problem_of_function,
            python.read(),
            draw,
            arguments=found.arguments,
            defaults=subject.defaults,
            tensors=found.tensors,
            takes=ran.takes,
            asked=found.asked,
            dimensions=found.sizes,
        )
        with contextlib.suppress(ProblemError):
            own = written()
            if disbelieved(own, subject, found, reference, seed) is None and gives_the_same(
                own, subject, found, seed
            ):
                return own, "engine"
    why = ""
    for truth in truths(subject, found, reference, ran, seed):
        for made in (
            partial(written, reference=truth.call, keep=partial(kept, subject))
            if written
            else None,
            partial(problem_by_outputs, subject, found, ran.takes, truth),
        ):
            try:
                if made is not None:
                    problem = made()
                    trace_problem(problem, in_double(problem.inputs(seed)))
                    if gives_the_same(problem, subject, found, seed):
                        return problem, truth.referee
            except ProblemError as error:
                why = str(error)
    if why:
        raise ProblemError(f"{subject.name}: nothing says what is true: {why}")
    return None
