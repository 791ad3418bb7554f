# pyright: basic
"""A subject whose backward can't be taken apart, as a problem: what it gives is judged."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from byhand.program.problem import Inputs, Problem
from byhand.sources.assemble import assembled, function, statement
from byhand.sources.autograd_functions.ctx import HELD, Held
from byhand.sources.autograd_functions.forward import REFERENCE
from byhand.torch.given import Given
from byhand.torch.subject import Subject
from byhand.torch.truth import Truth


def problem_by_outputs(
    subject: Subject, found: Given, takes: Sequence[bool], truth: Truth
) -> Problem:
    """The problem whose forward is what is true, and whose backward is the user's call."""
    names = [f"out{i or ''}" for i in range(sum(takes))]
    names = [name if name not in found.arguments else f"{name}_" for name in names]
    given = ", ".join([*found.arguments, ""])
    body = [f"{n} = {HELD}[{n!r}]" for n in found.arguments if n not in found.tensors]
    body += [f"{', '.join(names)} = {HELD}[{REFERENCE!r}]({given})", f"return {', '.join(names)}"]
    where = function("forward", [], [], 1)
    forward = function("forward", [*found.tensors, HELD], [statement(t, where) for t in body], 1)

    def draw(rng: np.random.Generator, **sizes: int) -> Inputs:
        values = found.make(rng, sizes)
        held = {name: values[name] for name in found.arguments if name not in found.tensors}
        tensors = {name: values[name] for name in found.tensors}
        return {**tensors, HELD: Held({**held, REFERENCE: truth.call})}

    problem = assembled(
        name=subject.name,
        file=subject.file or subject.name,
        forward=forward,
        backward=function("backward", [], [], 1),
        namespace={},
        draw=draw,
        dimensions=found.sizes,
        data=[name for name in found.tensors if name not in found.asked],
        inner=True,
    )
    return replace(problem, backward=_Call(subject, found, tuple(takes), tuple(names)))


@dataclass(frozen=True, eq=False)
class _Call:
    """The user's forward and backward in one: gradients by name of the input."""

    subject: Subject
    found: Given
    takes: tuple[bool, ...]
    outputs: tuple[str, ...]

    @property
    def __signature__(self) -> inspect.Signature:
        names = [*self.found.tensors, HELD, *(f"d{name}" for name in self.outputs)]
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature([inspect.Parameter(name, kind) for name in names])

    def __call__(self, **given: Any) -> dict[str, Any]:
        held = given[HELD]
        arguments = {n: given[n] if n in given else held[n] for n in self.found.arguments}
        sent = iter([given[f"d{name}"] for name in self.outputs])
        upstream = [next(sent) if takes else None for takes in self.takes]
        seen = self.subject.run(arguments, upstream, self.found.asked)
        return {
            name: torch.zeros_like(arguments[name]) if g is None else g
            for name, g in seen.gradients.items()
        }
