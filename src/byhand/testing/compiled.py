"""Compiled code as a kernel: NumPy's arrays go in and out, and nothing is known of what is between.

What is true is what the engine says of a forward in Python: the user's own, if the engine can
follow it, or a reference. Without either it is what differences of forward say.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from byhand.checking.report import Report
from byhand.kernels.bench import Bench
from byhand.kernels.frameworks.numpy import NUMPY
from byhand.kernels.kernel import Inputs, Kernel, Ran, Run, Upstream
from byhand.kernels.options import Options
from byhand.kernels.outside import by_outputs_alone
from byhand.program.call import call_of
from byhand.program.plain_run import plain_locals
from byhand.program.problem import Problem
from byhand.program.statements import StatementError
from byhand.program.trace import trace_problem
from byhand.referees.engine import sweep
from byhand.values.arrays import is_array, is_float_array, is_sequence

_UPSTREAM = re.compile(r"^(d|g|grad|upstream|delta)|_grad$", re.I)


def run_of_problem(problem: Problem) -> Run:
    """Forward and backward of a problem, as they stand."""
    call, outputs = call_of(problem), _outputs(problem)

    def run(inputs: Inputs, upstream: Upstream | None, needs: Collection[str]) -> Ran:
        known = plain_locals(problem, dict(inputs))
        found = tuple(np.asarray(known[name]) for name in outputs)
        takes = (True,) * len(outputs)
        if upstream is None:
            return Ran(found, takes, {})

        def back(sent: Upstream) -> Mapping[str, Any]:
            given = dict(zip((f"d{name}" for name in outputs), sent, strict=True))
            try:
                found = call.answers(call.filled({**known, **given}))
            except StatementError as error:
                raise error.__cause__ or error from None
            return {name.removeprefix("d"): gradient for name, gradient in found.items()}

        return Ran(found, takes, back(upstream), again=back)

    return run


def _outputs(problem: Problem) -> tuple[str, ...]:
    return tuple(step.name for step in trace_problem(problem, problem.inputs()).outputs)


def run_of_functions(
    forward: Callable[..., Any], backward: Callable[..., Any], names: Sequence[str]
) -> Run:
    """A forward and a backward of which nothing is known but what they take: inputs by name,
    gradients of the outputs in order, and the outputs in order."""
    asked = list(inspect.signature(backward).parameters)
    sent_as = [name for name in asked if name not in names and _UPSTREAM.search(name)]
    kept = [name for name in asked if name not in names and name not in sent_as]

    def run(inputs: Inputs, upstream: Upstream | None, needs: Collection[str]) -> Ran:
        returned = forward(*inputs.values())
        outputs = tuple(returned) if is_sequence(returned) else (returned,)
        takes = tuple(i < len(sent_as) for i in range(len(outputs)))
        outputs = tuple(map(np.asarray, outputs))
        if upstream is None:
            return Ran(outputs, takes, {})

        def back(sent: Upstream) -> Mapping[str, Any]:
            later = outputs[len(sent_as) :] or outputs
            given = {**inputs, **dict(zip(sent_as, sent, strict=False))}
            given |= dict(zip(kept, later, strict=False))
            found = backward(*(given[name] for name in asked))
            return by_name(found, [n for n in names if is_array(inputs[n])])

        return Ran(outputs, takes, back(upstream), again=back)

    return run


def by_name(returned: Any, names: Sequence[str]) -> dict[str, Any]:
    """What a backward returned, by the input that it belongs to: as it says, or in order."""
    if isinstance(returned, dict):
        given: dict[str, Any] = returned  # pyright: ignore[reportUnknownVariableType]
        return {n.removeprefix("d") if n not in names else n: g for n, g in given.items()}
    gradients: list[Any] = list(returned) if is_sequence(returned) else [returned]
    return dict(zip(names, gradients, strict=False))


def truth_of_problem(problem: Problem) -> Run:
    """What the engine says of a forward."""

    def truth(inputs: Inputs, upstream: Upstream | None, needs: Collection[str]) -> Ran:
        program = trace_problem(problem, inputs)
        outputs = tuple(step.value for step in program.outputs)
        takes = (True,) * len(outputs)
        if upstream is None:
            return Ran(outputs, takes, {})
        known = sweep(program, [np.asarray(g) for g in upstream])
        found = {step.name: known[step.tensor] for step in program.inputs}
        return Ran(
            outputs,
            takes,
            {name: found[name].value for name in needs},
            units={name: found[name].error for name in needs},
        )

    return truth


def kernel_of(
    problem: Problem, run: Run, truth: Run, differentiable: Sequence[str], name: str
) -> Kernel:
    """A kernel on the inputs of a problem."""

    def make(rng: np.random.Generator, sizes: Mapping[str, int]) -> Inputs:
        return problem.draw(rng, **sizes)

    return Kernel(
        name=name,
        framework=NUMPY,
        run=run,
        truth=truth,
        make=make,
        differentiable=tuple(differentiable),
        sizes=dict(problem.dimensions),
    )


def floats_in(problem: Problem) -> list[str]:
    """The inputs that are float arrays, and no data."""
    drawn = problem.inputs()
    return [n for n, v in drawn.items() if is_float_array(v) and n not in problem.data]


def judged_as_kernel(kernel: Kernel, file: str, referee: str, options: Options) -> Report:
    """The report on what a kernel gives, without lines. Raises ProblemError if it raises."""
    report = by_outputs_alone(Bench(kernel, options), file)
    return replace(report, referee=referee, name=kernel.name)
