# pyright: basic
"""`byhand.torch.check`: people's own Functions, custom ops and compiled functions, judged.

Where backward is Python its statements are judged one by one, as those of a problem file; where it
isn't, or forward can't be followed, what it gives is judged.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from byhand.checking.check import check as check_problem
from byhand.checking.report import Report, Row
from byhand.errors import ProblemError, in_one_line
from byhand.program.problem import Problem
from byhand.program.trace import trace_problem
from byhand.sources.autograd_functions import problem_of_function
from byhand.torch.followed import disbelieved, in_double, not_differentiable
from byhand.torch.given import Given, given
from byhand.torch.opaque import as_op
from byhand.torch.outside import ran
from byhand.torch.reference import Reference, forward_as_reference, kept, reference_of
from byhand.torch.subject import Subject, subject_of


def check(
    fn: Any,
    inputs: Any,
    *,
    reference: Callable[..., Any] | None = None,
    dtype: torch.dtype | str | None = None,
    device: torch.device | str | None = None,
    sizes: Sequence[Mapping[str, int]] | None = None,
    layouts: bool = True,
    edges: bool = True,
    needs: Sequence[str] | Sequence[bool] | None = None,
    allow_inplace: Sequence[str] = (),
    repeats: int = 2,
    seed: int = 0,
) -> Report:
    """Checks the hand-written backward of a Function, a custom op or any function of tensors.

    `inputs` are its arguments: a tuple, a dict by name, or a function `(rng, *, n=8, ...)` that
    draws one, which lets other sizes be tried. What is no tensor is handed on as it is.

    What is true is what `reference`, in plain PyTorch, gives by autograd in float64; without one,
    what its own forward gives, if that can be differentiated.

    Raises ProblemError, in one line, if it can't be checked.
    """
    start = time.perf_counter()
    subject = subject_of(fn)
    type_of = _type(dtype)
    found = given(subject, inputs, needs, type_of, seed)
    referred = None if reference is None else reference_of(reference, subject, found.arguments)
    problem, why = _problem(subject, found, referred, seed)
    if problem is None:
        raise ProblemError(f"{subject.name} can't be judged line by line: {why}")
    report = check_problem(problem, seed=seed)
    report = _in_its_words(report, subject)
    notes = (*found.notes, *report.notes)
    return replace(report, name=subject.name, notes=notes, seconds=time.perf_counter() - start)


def _type(dtype: torch.dtype | str | None) -> torch.dtype | None:
    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if found is None and dtype is None:
        return None
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise ProblemError(f"dtype {dtype}: choose float64, float32, bfloat16 or float16")
    return found


def _problem(
    subject: Subject, found: Given, reference: Reference | None, seed: int
) -> tuple[Problem | None, str]:
    """The subject as a problem whose statements can be judged; None and the reason, if it isn't."""
    if subject.python is None:
        return None, subject.opaque or "its backward isn't Python that can be read"
    values = found.make(np.random.default_rng(seed), {})
    try:
        takes = ran(subject.call, values, None, found.asked).takes
    except Exception as error:
        raise ProblemError(f"{subject.name}: forward raised {in_one_line(error)}") from error
    if not any(takes):
        raise ProblemError(f"{subject.name}: no output is differentiable: nothing to check")

    def draw(rng: np.random.Generator, **sizes: int) -> dict[str, Any]:
        return found.make(rng, sizes)

    problem = partial(
        problem_of_function,
        subject.python,
        draw,
        arguments=found.arguments,
        defaults=subject.defaults,
        tensors=found.tensors,
        takes=takes,
        asked=found.asked,
        dimensions=found.sizes,
    )
    try:
        own = problem()
        why = disbelieved(own, subject, found, reference, seed)
        if why is None:
            return own, ""
    except ProblemError as error:
        why = str(error)
    if reference is None:
        reference = forward_as_reference(subject, found.arguments)
        if (reason := not_differentiable(reference, subject, found, seed)) is not None:
            return None, f"{why}; {reason}"
    for truth in (_followed, _as_one_op):
        try:
            found_by_it = problem(
                reference=partial(truth, reference, found, takes), keep=partial(kept, subject)
            )
            trace_problem(found_by_it, in_double(found_by_it.inputs(seed)))
            return found_by_it, ""
        except ProblemError as error:
            why = str(error)
    return None, why


def _followed(reference: Reference, found: Given, takes: Sequence[bool], *arguments: Any) -> Any:
    """What the reference gives for the outputs to be compared, on all arguments by place."""
    named = dict(zip(found.arguments, arguments, strict=True))
    outputs = reference.outputs(reference(named), takes)
    return outputs[0] if len(outputs) == 1 else tuple(outputs)


def _as_one_op(reference: Reference, found: Given, takes: Sequence[bool], *arguments: Any) -> Any:
    """The same, where it has ops that can't be followed."""

    def call(*given: Any) -> tuple[Any, ...]:
        named = dict(zip(found.arguments, given, strict=True))
        return tuple(reference.outputs(reference(named), takes))

    return as_op(call, arguments)


def _in_its_words(report: Report, subject: Subject) -> Report:
    """A report in which what ctx holds is called as it is in the user's file."""
    assert subject.python is not None

    def said(text: str | None) -> Any:
        return None if text is None else re.sub(r"\b(\w+?)__(\w+)\b", r"\1.\2", text)

    def of(row: Row) -> Row:
        mistake = row.mistake
        if mistake is not None:
            mistake = replace(mistake, message=said(mistake.message))
        return replace(row, note=said(row.note), mistake=mistake)

    return replace(
        report, rows=tuple(map(of, report.rows)), notes=tuple(said(n) for n in report.notes)
    )
