# pyright: basic
"""Whether a forward that was followed statement by statement is what the user's own call computes.

A Function's forward runs without a graph, so it may do what PyTorch can't differentiate (`.item()`,
`detach`, a kernel) without harm. Its statements are believed to say what is true only if they give
what the call gives, and their gradients are the slopes of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.referees.engine import sweep
from byhand.torch.given import Given
from byhand.torch.outside import ran
from byhand.torch.subject import Subject
from byhand.values.precision import eps_of

DOUBLE = float(np.finfo(np.float64).eps)


def disbelieved(
    problem: Problem,
    subject: Subject,
    found: Given,
    reference: Callable[..., Any] | None,
    seed: int,
) -> str | None:
    """Why the statements of forward don't say what is true; None where they do.

    Raises ProblemError where they can't be followed.
    """
    values = in_double(found.make(np.random.default_rng(seed), {}))
    inputs = in_double(problem.inputs(seed))
    with np.errstate(all="ignore"):
        program = trace_problem(problem, inputs)
    eps = max([eps_of(kind) for _, kind in program.casts], default=DOUBLE)
    seen = ran(subject.call, copied(values), None, found.asked)
    outputs = [o for o, takes in zip(seen.outputs, seen.takes, strict=True) if takes]
    for step, output in zip(program.outputs, outputs, strict=True):
        if not _near(step.value, output.double().numpy(), 1e3 * eps):
            return f"its statements give another {step.name} than the call"
    with np.errstate(all="ignore"):
        return _slopes(program, subject, found, values, eps, seed)


def _slopes(
    program: Program,
    subject: Subject,
    found: Given,
    values: Mapping[str, Any],
    eps: float,
    seed: int,
) -> str | None:
    """Compares the gradients along one random direction of each input with differences."""
    upstream = program.upstream(seed)
    grads = sweep(program, upstream)
    rng = np.random.default_rng([seed, 4])
    steps = {step.name: step for step in program.inputs}
    for name in found.asked:
        way = rng.normal(size=tuple(values[name].shape))
        bounded = grads[steps[name].tensor]
        slope = float((bounded.value * way).sum())
        size = float((np.abs(bounded.value) * np.abs(way)).sum())

        def at(h: float, name: str = name, way: Any = way) -> float:
            moved = copied(values)
            moved[name] = moved[name] + h * torch.from_numpy(way)
            seen = ran(subject.call, moved, None, found.asked)
            outputs = [o for o, takes in zip(seen.outputs, seen.takes, strict=True) if takes]
            pairs = zip(outputs, upstream, strict=True)
            return sum(float((o.double().numpy() * g).sum()) for o, g in pairs)

        h = eps ** (1 / 3)
        one, two = ((at(s) - at(-s)) / (2 * s) for s in (h, h / 2))
        best, error = (4 * two - one) / 3, abs(two - one)
        level = sum(
            float(np.abs(o.value * g).sum()) for o, g in zip(program.outputs, upstream, strict=True)
        )
        allowed = 10 * error + 100 * eps * level / h + 1e-6 * size
        if not np.isfinite(best):
            continue
        if abs(best - slope) > allowed:
            return (
                f"the gradient of {name} that follows from forward's statements isn't the slope of "
                "what it computes: it leaves the numbers PyTorch can differentiate"
            )
    return None


def in_double(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same with all tensors of floats in float64."""
    return {
        n: v.double() if isinstance(v, torch.Tensor) and v.is_floating_point() else v
        for n, v in values.items()
    }


def copied(values: Mapping[str, Any]) -> dict[str, Any]:
    return {n: v.clone() if isinstance(v, torch.Tensor) else v for n, v in values.items()}


def _near(a: Any, b: Any, tolerance: float) -> bool:
    if a.shape != b.shape:
        return False
    finite = np.abs(a[np.isfinite(a)])
    size = float(finite.max()) if finite.size else 0.0
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance * size, equal_nan=True))
