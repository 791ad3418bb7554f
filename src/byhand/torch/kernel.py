# pyright: basic
"""A subject as a kernel: how it is run, and a run of what is true of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from types import FunctionType
from typing import Any

import numpy as np
import torch

from byhand.checking.meant import rounds
from byhand.checking.running.constants import coarsest, constants_in
from byhand.errors import ProblemError
from byhand.kernels.bench import Bench
from byhand.kernels.frameworks.pytorch import TORCH, run_of
from byhand.kernels.kernel import Inputs, Kernel, Ran, Run, Upstream
from byhand.kernels.options import Options
from byhand.program.call import call_of
from byhand.program.problem import Problem
from byhand.torch.followed import differentiable, eps_within, in_double
from byhand.torch.given import Given
from byhand.torch.reference import Reference, own_forwards, statements_as_reference
from byhand.torch.subject import Subject
from byhand.values.arrays import Array
from byhand.values.torch_random import seed_torch

LARGEST = 200
"""Elements of all inputs at most, where each is moved to see what happens."""


def bench_of(
    subject: Subject,
    found: Given,
    reference: Reference | None,
    problem: Problem | None,
    ran: Ran,
    device: torch.device | None,
    options: Options,
) -> tuple[Bench | None, list[str]]:
    """Where the subject is tried as a kernel, and notes on what isn't tried; None for where nothing
    says what is true of it at every input.

    `problem` is what was made of it, if anything was, and `ran` what its forward gave.
    """
    seed, takes = options.seed, ran.takes
    known = reference or _own(subject, found, problem, ran, seed)
    if known is None and _elements(found, seed) > LARGEST:
        return None, [f"{OUTSIDE} wasn't looked for: give a reference, or smaller inputs"]
    notes: list[str] = []
    if known is None and problem is not None and rounds(problem, seed):
        return None, [f"{OUTSIDE} wasn't looked for, as forward rounds: give a reference"]
    if known is None and (options.layouts or options.edges):
        options = replace(options, layouts=False, edges=False)
        notes.append("what is true is found by differences: layouts and edges weren't tried")
    elif options.layouts and _draws(subject, placed(found, device), seed):
        options = replace(options, layouts=False)
        notes.append("it draws at random, in the order of memory: layouts weren't tried")
    truth = _run_of(known) if known is not None else _differences(subject, found, seed)
    count = len(takes) if known is None or all(takes) else outputs_of(known, found, seed)

    kernel = Kernel(
        name=subject.name,
        framework=TORCH,
        run=subject.run if count == len(takes) else _taking(subject.run, takes),
        truth=truth,
        make=placed(found, device).make,
        differentiable=found.asked,
        sizes=found.sizes,
        plain=None if reference is None else truth,
        eps=0.0 if problem is None else _eps_of_constants(problem),
    )
    return Bench(kernel, options), notes


def _eps_of_constants(problem: Problem) -> float:
    backward = call_of(problem).function
    statements = () if backward is None else backward.body
    constant = coarsest(constants_in(statements, problem.forward))
    return 0.0 if constant is None else constant.eps


def placed(found: Given, device: torch.device | None) -> Given:
    """What is drawn, on a device."""
    if device is None:
        return found

    def make(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
        values = found.make(rng, sizes)
        return {n: v.to(device) if isinstance(v, torch.Tensor) else v for n, v in values.items()}

    return replace(found, make=make)


OUTSIDE = "what hides bugs (layouts, edges, frozen inputs)"


def _draws(subject: Subject, found: Given, seed: int) -> bool:
    """Whether forward draws random numbers."""
    values = _copied(found.make(np.random.default_rng(seed), found.sizes))
    seed_torch()
    before = torch.random.get_rng_state()
    with torch.no_grad():
        subject.call(*values.values())
    return not torch.equal(before, torch.random.get_rng_state())


def _own(
    subject: Subject, found: Given, problem: Problem | None, ran: Ran, seed: int
) -> Reference | None:
    """The subject's own forward as autograd sees it, if what that makes of it is its slope."""
    if subject.forward is None:
        return None
    ways = own_forwards(subject, found.arguments)
    if problem is not None and isinstance(problem.backward, FunctionType):
        ways = chain(ways, [statements_as_reference(problem, subject, found.arguments)])
    return differentiable(ways, subject, found, ran, seed)


def _run_of(reference: Reference) -> Run:
    def call(inputs: Inputs) -> Any:
        outputs = reference(inputs)
        return outputs[0] if len(outputs) == 1 else outputs

    return run_of(call)


def outputs_of(reference: Reference, found: Given, seed: int) -> int:
    """How many outputs a reference has."""
    seed_torch()
    return len(reference(in_double(found.make(np.random.default_rng(seed), found.sizes))))


def _elements(found: Given, seed: int) -> int:
    values = found.make(np.random.default_rng(seed), found.sizes)
    return sum(values[name].numel() for name in found.asked)


def _taking(run: Run, takes: Sequence[bool]) -> Run:
    """A run of the outputs alone that take a gradient."""
    places = [i for i, takes_one in enumerate(takes) if takes_one]

    def taking(inputs: Inputs, upstream: Upstream | None, needs: Collection[str]) -> Ran:
        def whole(sent: Upstream) -> list[Any]:
            each = iter(sent)
            return [next(each) if takes_one else None for takes_one in takes]

        ran = run(inputs, None if upstream is None else whole(upstream), needs)
        again = ran.again
        return replace(
            ran,
            outputs=tuple(ran.outputs[i] for i in places),
            takes=tuple(ran.takes[i] for i in places),
            again=None if again is None else lambda sent: again(whole(sent)),
        )

    return taking


def _differences(subject: Subject, found: Given, seed: int) -> Run:
    """What is true by central differences of a kernel's own forward in float64, or in what it makes
    of that itself."""
    values = in_double(found.make(np.random.default_rng(seed), found.sizes))
    run, eps = subject.run, eps_within(subject, values, found.asked)

    def differences(inputs: Inputs, upstream: Upstream | None, needs: Collection[str]) -> Ran:
        forward = run(_copied(inputs), None, needs)
        if upstream is None:
            return forward
        if sum(inputs[name].numel() for name in needs) > LARGEST:
            raise ProblemError("there are too many elements to find differences of each")
        slopes: dict[str, Any] = {}
        errors: dict[str, Array] = {}
        for name in needs:
            value, error = _slopes(run, inputs, upstream, needs, name, eps)
            slopes[name], errors[name] = torch.from_numpy(value), error
        outputs = tuple(o.detach() if isinstance(o, torch.Tensor) else o for o in forward.outputs)
        return Ran(outputs, forward.takes, slopes, errors=errors)

    return differences


def _slopes(
    run: Run, inputs: Inputs, upstream: Upstream, needs: Collection[str], name: str, eps: float
) -> tuple[Array, Array]:
    x = inputs[name]
    scale = float(x.detach().abs().max()) if x.numel() else 0.0
    wide = eps ** (1 / 4) * (scale or 1.0)

    def at(place: int, h: float) -> tuple[float, float]:
        moved = _copied(inputs)
        moved[name].view(-1)[place] += h
        outputs = run(moved, None, needs).outputs
        terms = [
            (o.detach().double() * g).flatten()
            for o, g in zip(outputs, upstream, strict=True)
            if g is not None
        ]
        whole = torch.cat(terms)
        return float(whole.sum()), float(whole.abs().sum())

    slopes, errors = np.zeros(x.numel()), np.zeros(x.numel())
    for place in range(x.numel()):
        (up, size), (down, _) = at(place, wide), at(place, -wide)
        (above, _), (below, _) = at(place, wide / 2), at(place, -wide / 2)
        far, near = (up - down) / (2 * wide), (above - below) / wide
        slopes[place] = (4 * near - far) / 3
        moves = up != down or above != below
        errors[place] = abs(near - far) + (4 * eps * size / wide if moves else 0.0)
    return slopes.reshape(tuple(x.shape)), errors.reshape(tuple(x.shape))


def _copied(inputs: Inputs) -> dict[str, Any]:
    return {
        n: v.detach().clone(memory_format=torch.contiguous_format)
        if isinstance(v, torch.Tensor)
        else v
        for n, v in inputs.items()
    }
