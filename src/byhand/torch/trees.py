# pyright: basic
"""Arguments that are lists or dicts with tensors in them: each tensor an argument of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from byhand.torch.given import drawing
from byhand.torch.reference import reference_of
from byhand.torch.subject import Subject
from byhand.values import tree


def taken_apart(
    subject: Subject, inputs: Any, reference: Callable[..., Any] | None, seed: int
) -> tuple[Subject, Any, Callable[..., Any] | None]:
    """A subject, its inputs and its reference with arguments that are tensors: `xs_0` and `xs_1`
    for a list `xs`. What takes no tensors inside others is as it was."""
    drawn = drawing(subject, inputs, None)
    first = drawn(np.random.default_rng(seed), {})
    if subject.sees_arguments_alone or not any(map(_holds_tensors, first.values())):
        return subject, inputs, reference
    apart = _Apart(first)
    own = subject.forward

    def draw(rng: Any = None, **sizes: int) -> dict[str, Any]:
        return apart.flat(drawn(rng, sizes))

    sizes = inspect.signature(inputs).parameters if callable(inputs) else {}
    draw.__signature__ = inspect.Signature(  # pyright: ignore[reportFunctionMemberAccess]
        [inspect.Parameter("rng", inspect.Parameter.POSITIONAL_OR_KEYWORD), *[*sizes.values()][1:]]
    )
    made = replace(
        subject,
        call=lambda *given: subject.call(*apart.together(given).values()),
        names=lambda count: tuple(apart.flat(first))[:count],
        defaults={},
        python=None,
        opaque="tensors inside lists or dicts are no names of its lines",
        forward=own and (lambda ctx, *given: own(ctx, *apart.together(given).values())),
        parameters={},
    )
    if reference is None:
        return made, draw, None
    known = reference_of(reference, subject, tuple(first))
    return made, draw, lambda *given: known(apart.together(given))


@dataclass(frozen=True, eq=False)
class _Apart:
    """Arguments by name, one of which at least has tensors inside."""

    whole: Mapping[str, Any]

    def flat(self, values: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in values.items():
            if not _holds_tensors(value):
                found[name] = value
                continue
            for path, leaf in tree.leaves(value):
                if isinstance(leaf, torch.Tensor):
                    found["_".join([name, *(str(part).strip("[]'\".") for part in path)])] = leaf
        return found

    def together(self, given: Sequence[Any]) -> dict[str, Any]:
        """The arguments again, of those that are apart."""
        each = iter(given)

        def leaf(held: Any) -> Any:
            return next(each) if isinstance(held, torch.Tensor) else held

        return {
            name: tree.map(leaf, value) if _holds_tensors(value) else next(each)
            for name, value in self.whole.items()
        }


def _holds_tensors(value: Any) -> bool:
    return tree.is_container(value) and any(
        isinstance(leaf, torch.Tensor) for _, leaf in tree.leaves(value)
    )
