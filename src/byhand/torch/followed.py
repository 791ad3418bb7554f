# pyright: basic
"""Whether a forward that was followed statement by statement is what the user's own call computes.

A Function's forward runs without a graph, so it may do what PyTorch can't differentiate (`.item()`,
`detach`, a kernel) without harm. Its statements are believed to say what is true only if they give
what the call gives, and their gradients are the slopes of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from byhand.errors import ProblemError
from byhand.kernels.frameworks.pytorch import watched
from byhand.kernels.kernel import Ran
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.referees.engine import sweep
from byhand.torch.given import Given
from byhand.torch.reference import Reference
from byhand.torch.subject import Subject
from byhand.values.arrays import Array
from byhand.values.precision import eps_of
from byhand.values.torch_random import seed_torch

DOUBLE = float(np.finfo(np.float64).eps)


def disbelieved(
    problem: Problem,
    subject: Subject,
    found: Given,
    reference: Reference | None,
    seed: int,
) -> str | None:
    """Why the statements of forward don't say what is true; None where they do.

    Raises ProblemError where they can't be followed.
    """
    values = in_double(found.make(np.random.default_rng(seed), {}))
    with np.errstate(all="ignore"):
        program = trace_problem(problem, in_double(problem.inputs(seed)))
        eps = max([eps_of(kind) for _, kind in program.casts], default=DOUBLE)
        seen = subject.run(copied(values), None, found.asked)
        for step, output in zip(program.outputs, _taking(seen), strict=True):
            if not _near(step.value, output.detach().double().numpy(), 1e3 * eps):
                return f"its statements give another {step.name} than the call"
        if reference is None:
            upstream = program.upstream(seed)
            grads = sweep(program, upstream)
            steps = {step.name: step.tensor for step in program.inputs}
            known = {name: grads[steps[name]].value for name in found.asked}
            return _slopes(known, upstream, subject, found, values, seen.takes, eps, seed)
        return _differs(program, reference, found, values, seen.takes, eps, seed)


def _differs(
    program: Program,
    reference: Reference,
    found: Given,
    values: Mapping[str, Any],
    takes: Sequence[bool],
    eps: float,
    seed: int,
) -> str | None:
    """Compares the gradients with those of the reference."""
    upstream = program.upstream(seed)
    grads = sweep(program, upstream)
    steps = {step.name: step for step in program.inputs}
    true = gradients_of(reference, values, found.asked, upstream, takes)
    for name in found.asked:
        bounded, truth = grads[steps[name].tensor], true[name]
        largest = float(np.max(np.abs(truth), initial=0.0))
        allowed = 64 * eps * bounded.error + 1e-10 * largest
        if not np.all(np.abs(bounded.value - truth) <= allowed):
            return f"the reference has another gradient of {name} than forward's statements"
    return None


def gradients_of(
    reference: Reference,
    values: Mapping[str, Any],
    asked: Sequence[str],
    upstream: Sequence[Array],
    takes: Sequence[bool],
) -> dict[str, Array]:
    """A reference's gradients, by autograd."""
    leaves = {
        n: v.detach().clone().requires_grad_(n in asked) if isinstance(v, torch.Tensor) else v
        for n, v in values.items()
    }
    seed_torch()
    with torch.enable_grad():
        outputs = reference.outputs(reference(leaves), takes)
    for output, g in zip(outputs, upstream, strict=True):
        if isinstance(output, torch.Tensor) and tuple(output.shape) != np.shape(g):
            raise ProblemError(
                f"{reference.name} returns {tuple(output.shape)}, which is to be {np.shape(g)}"
            )
    pairs = [
        (o, torch.from_numpy(np.asarray(g)).to(o.dtype))
        for o, g in zip(outputs, upstream, strict=True)
        if isinstance(o, torch.Tensor) and o.requires_grad
    ]
    wanted = [leaves[name] for name in asked]
    sent = [o for o, _ in pairs], wanted, [g for _, g in pairs]
    found = torch.autograd.grad(*sent, allow_unused=True, materialize_grads=True)
    return {name: g.detach().double().numpy() for name, g in zip(asked, found, strict=True)}


def differentiable(
    ways: Iterable[Reference], subject: Subject, found: Given, ran: Ran, seed: int
) -> Reference | None:
    """The first of these ways to run a forward so that autograd sees it of which autograd says what
    is true; None where there is none. `ran` is what forward gave."""
    values = in_double(found.make(np.random.default_rng(seed), {}))
    eps = eps_within(subject, values, found.asked)
    rng = np.random.default_rng([seed, 5])
    upstream = [rng.normal(size=tuple(o.shape)) for o in _taking(ran)]
    for way in ways:
        try:
            known = gradients_of(way, values, found.asked, upstream, ran.takes)
        except Exception:  # it does what autograd can't follow
            continue
        if _slopes(known, upstream, subject, found, values, ran.takes, eps, seed) is None:
            return way
    return None


def eps_within(subject: Subject, values: Mapping[str, Any], asked: Sequence[str]) -> float:
    """How coarsely a forward rounds that is given float64: some make float32 of it themselves."""
    with watched() as computed:
        subject.run(copied(values), None, asked)
    return max((eps_of(kind) for _, kind in computed), default=DOUBLE)


def _slopes(
    known: Mapping[str, Array],
    upstream: Sequence[Array],
    subject: Subject,
    found: Given,
    values: Mapping[str, Any],
    takes: Sequence[bool],
    eps: float,
    seed: int,
) -> str | None:
    """Compares gradients along one random direction of each input with differences of forward."""
    rng = np.random.default_rng([seed, 4])
    for name in found.asked:
        way = _way(values[name], rng)
        slope = float((known[name] * way).sum())
        size = float((np.abs(known[name]) * np.abs(way)).sum())

        def at(h: float, name: str = name, way: Any = way) -> tuple[float, float]:
            moved = {**values, name: values[name] + h * torch.from_numpy(np.asarray(way))}
            outputs = computed(subject, takes, *moved.values())
            pairs = zip(outputs, upstream, strict=True)
            terms = [o.detach().double().numpy() * g for o, g in pairs]
            return sum(float(t.sum()) for t in terms), sum(float(abs(t).sum()) for t in terms)

        h = eps ** (1 / 3)

        def difference(h: float, at: Any = at) -> tuple[float, float]:
            """The slope, and how far rounding may take it."""
            (up, size), (down, _) = at(h), at(-h)
            return (up - down) / (2 * h), eps * size / h

        one, rounding = difference(h)
        if abs(one - slope) <= rounding + 1e-6 * size:
            continue
        two, _ = difference(h / 2)
        best, error = (4 * two - one) / 3, abs(two - one)
        if np.isfinite(best) and abs(best - slope) > 10 * error + 100 * rounding + 1e-6 * size:
            return f"what forward's statements give for {name} isn't the slope of what it computes"
    return None


def _way(value: torch.Tensor, rng: np.random.Generator) -> Array:
    """A random direction, in which what is symmetric stays so: PyTorch's gradient of a Cholesky
    factor is the one among symmetric matrices."""
    way = rng.normal(size=tuple(value.shape))
    square = value.ndim >= 2 and value.shape[-1] == value.shape[-2]
    return way + way.swapaxes(-1, -2) if square and torch.equal(value, value.mT) else way


def _taking(seen: Ran) -> list[Any]:
    """The outputs that take a gradient."""
    return [o for o, takes in zip(seen.outputs, seen.takes, strict=True) if takes]


def computed(subject: Subject, takes: Sequence[bool], *arguments: Any) -> tuple[Any, ...]:
    """The outputs that take a gradient, as the user's own call computes them of copies."""
    copies = [v.clone() if isinstance(v, torch.Tensor) else v for v in arguments]
    seed_torch()
    with torch.no_grad():
        returned = subject.call(*copies)
    each = returned if isinstance(returned, (tuple, list)) else (returned,)
    return tuple(value for value, takes_one in zip(each, takes, strict=True) if takes_one)


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
