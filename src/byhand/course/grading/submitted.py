"""What was handed in for a teacher's own file, read as `byhand check` reads it, in the process that
is locked in: on the inputs of the exam, with the submission's own forward.

Only what it returns for the inputs is judged: its intermediate values are its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from byhand.course.grading.sitting import Bound, Job, Sitting, runs_of
from byhand.course.grading.wire import WireValue
from byhand.errors import ProblemError
from byhand.program.plain_run import inputs_of_their_own, plain_locals
from byhand.program.problem import Problem
from byhand.program.trace import trace_problem
from byhand.referees.referee import Key
from byhand.sources.load import sources
from byhand.values import tree
from byhand.values.held import array


def submitted(job: Job, given: Mapping[str, Any]) -> Problem:
    """The problem in a submission, tried on arguments like these. Raises ProblemError."""
    shapes, literals = list[str](), list[str]()
    for name, value in given.items():
        held = array(value)
        if held is None:
            literals += [f"{name}={value!r}"] if _is_literal(value) else []
        elif held.dtype.kind == "f":
            shapes.append(f"{name}={','.join(map(str, held.shape))}")
        elif held.dtype.kind in "iu" and held.size:
            shapes.append(f"{name}={','.join(map(str, held.shape))}:int{int(held.max()) + 1}")
    file = Path(job.file)
    for each in sources(file, shapes, literals, text=job.source):
        if each.name == job.member:
            return each.read()
    raise ProblemError(f"{job.file}: has no {job.member}")


def _is_literal(value: Any) -> bool:
    match value:
        case dict():
            return all(map(_is_literal, value.values()))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        case bool() | int() | float() | str() | None:
            return True
        case _:
            return False


def runs(job: Job, sitting: Sitting) -> tuple[Mapping[Key, WireValue], Mapping[Key, WireValue]]:
    """What its backward gives on the inputs of one paper. Raises ProblemError."""
    problem = submitted(job, sitting.inputs)
    sizes = {name: size for name, size in sitting.sizes.items() if name in problem.dimensions}
    drawn = problem.inputs(**sizes)  # of these sizes is also what isn't given, such as a layer
    inputs = {**drawn, **{name: v for name, v in sitting.inputs.items() if name in drawn}}
    outputs = [step.name for step in trace_problem(problem, inputs_of_their_own(inputs)).outputs]
    known = plain_locals(problem, inputs_of_their_own(inputs))
    upstream = {
        f"d{name}": _like(value, known.get(name))
        for name, value in zip(outputs, sitting.upstream.values(), strict=False)
    }
    own = replace(
        sitting,
        locals=known,
        upstream=upstream,
        bindings={
            n: (Bound(None, is_another=True),)
            for n in sitting.bindings
            if tree.root(n) in sitting.inputs
        },
    )
    return runs_of(problem, own)


def _like(upstream: Any, output: Any) -> Any:
    """The gradient of an output, in its shape where that is one of another kind."""
    held, shape = array(upstream), np.shape(output)
    if held is None or held.shape == shape or held.size != np.size(output):
        return upstream
    return np.reshape(held, shape)
