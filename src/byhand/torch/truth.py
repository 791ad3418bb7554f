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

import torch

from byhand.torch.followed import not_differentiable
from byhand.torch.given import Given
from byhand.torch.opaque import as_differences, as_op
from byhand.torch.reference import Reference, forward_as_reference
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
    takes: Sequence[bool],
    seed: int,
) -> Iterator[Truth]:
    """What may say what is true, the best first; the first that runs is to be taken."""
    name = "torch" if reference is None else "reference"
    if reference is None and subject.forward is not None:
        own = forward_as_reference(subject, found.arguments)
        if not_differentiable(own, subject, found, seed) is None:
            reference = own
    if reference is not None:
        call = partial(_outputs, reference, found, takes)
        yield Truth(name, lambda *arguments: _one_or_all(call(*arguments)))
        yield Truth(name, lambda *arguments: as_op(call, arguments))
    if name == "torch":
        computed = partial(_computed, subject, takes)
        yield Truth("finite", lambda *arguments: as_differences(computed, arguments))


def _outputs(
    reference: Reference, found: Given, takes: Sequence[bool], *arguments: Any
) -> tuple[Any, ...]:
    named = dict(zip(found.arguments, arguments, strict=True))
    return tuple(reference.outputs(reference(named), takes))


def _computed(subject: Subject, takes: Sequence[bool], *arguments: Any) -> tuple[Any, ...]:
    """What the user's own call computes."""
    copies = [v.clone() if isinstance(v, torch.Tensor) else v for v in arguments]
    with torch.no_grad():
        returned = subject.call(*copies)
    each = returned if isinstance(returned, (tuple, list)) else (returned,)
    return tuple(value for value, takes_one in zip(each, takes, strict=True) if takes_one)


def _one_or_all(outputs: tuple[Any, ...]) -> Any:
    return outputs[0] if len(outputs) == 1 else outputs
