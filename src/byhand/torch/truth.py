# pyright: basic
"""What is true of a subject, where its forward's own statements don't say it.

The reference says it, if there is one; else its own forward, run so that autograd sees it, if what
autograd makes of it is its slope; else differences of what it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from byhand.kernels.kernel import Ran
from byhand.torch.followed import computed, differentiable, eps_within, in_double
from byhand.torch.given import Given
from byhand.torch.opaque import as_differences, as_op, one_or_all
from byhand.torch.reference import Reference, own_forwards
from byhand.torch.subject import Subject


@dataclass(frozen=True, eq=False)
class Truth:
    """A function of all arguments by place that may be traced: it gives the outputs that take a
    gradient. `referee` is what a report calls it."""

    referee: str
    call: Callable[..., Any]


def truths(
    subject: Subject,
    found: Given,
    reference: Reference | None,
    ran: Ran,
    seed: int,
) -> Iterator[Truth]:
    """What may say what is true of a subject whose forward gave `ran`, the best first; the first
    that runs is to be taken."""
    name = "torch" if reference is None else "reference"
    if reference is None:
        own = own_forwards(subject, found.arguments)
        reference = differentiable(own, subject, found, ran, seed)
    if reference is not None:
        call = partial(_outputs, reference, found, ran.takes)
        yield Truth(name, lambda *arguments: one_or_all(call(*arguments)))
        yield Truth(name, lambda *arguments: as_op(call, arguments))
    if name == "torch":
        values = partial(computed, subject, ran.takes)
        given = in_double(found.make(np.random.default_rng(seed), {}))
        eps = eps_within(subject, given, found.asked)
        yield Truth("finite", lambda *arguments: as_differences(values, arguments, eps))


def _outputs(
    reference: Reference, found: Given, takes: Sequence[bool], *arguments: Any
) -> tuple[Any, ...]:
    named = dict(zip(found.arguments, arguments, strict=True))
    return tuple(reference.outputs(reference(named), takes))
