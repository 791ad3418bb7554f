# pyright: basic
"""The inputs that a user gives: a tuple or a dict of tensors, or a function that draws them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from byhand.errors import ProblemError, in_one_line
from byhand.program.problem import did_you_mean, dimensions_of
from byhand.torch.subject import Subject
from byhand.values import tree


@dataclass(frozen=True, eq=False)
class Given:
    """How the arguments of a subject are drawn.

    `make(rng, sizes)` gives them all by name, tensors without gradients and whatever else it
    takes, in the order of `arguments`. `sizes` are those that it can be asked for. `tensors` are
    the arguments that are tensors, `asked` those whose gradient is asked for. `notes` is what there
    is to say of that.
    """

    make: Callable[[np.random.Generator, Mapping[str, int]], dict[str, Any]]
    arguments: tuple[str, ...]
    sizes: Mapping[str, int]
    tensors: tuple[str, ...]
    asked: tuple[str, ...]
    notes: tuple[str, ...]


def given(
    subject: Subject,
    inputs: Any,
    needs: Sequence[str] | Sequence[bool] | None,
    dtype: torch.dtype | None,
    seed: int,
) -> Given:
    """What a subject is tried on. Raises ProblemError if it can't be called with it."""
    draw = drawing(subject, inputs, dtype)
    first = draw(np.random.default_rng(seed), {})
    tensors = tuple(name for name, value in first.items() if isinstance(value, torch.Tensor))
    floats = [name for name in tensors if first[name].is_floating_point()]
    for name in tensors:
        if first[name].layout != torch.strided:
            raise ProblemError(
                f"{subject.name}: {name} is a sparse tensor, which isn't checked: give a dense one "
                "to a function that makes it sparse"
            )
    if not floats:
        raise ProblemError(
            f"{subject.name}: no input is a tensor of floats: nothing has a gradient"
        )
    inside = [name for name, value in first.items() if name not in tensors and _has_floats(value)]
    notes = [
        f"tensors in {name} have no gradient: PyTorch gives none to what lies in a list"
        for name in inside
    ]
    asked = _asked(subject, tuple(first), needs)
    if asked is None:
        flagged = [name for name in floats if first[name].requires_grad]
        none = [name for name in subject.unanswered(tuple(first)) if name in floats]
        asked = flagged or [name for name in floats if name not in none]
        if none and not flagged:
            notes.append(
                f"backward returns no gradient of {', '.join(none)}: treated as data (needs= says "
                "otherwise)"
            )
    wrong = [name for name in asked if name not in floats]
    if wrong:
        raise ProblemError(
            f"{subject.name}: needs names {wrong[0]}, which is not a float input"
            f"{did_you_mean(wrong[0], floats)}"
        )

    def make(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
        return {name: _of_its_own(value) for name, value in draw(rng, sizes).items()}

    sizes = dimensions_of(inputs, subject.file) if callable(inputs) else {}
    return Given(make, tuple(first), sizes, tensors, tuple(asked), tuple(notes))


def _of_its_own(value: Any) -> Any:
    """Without its graph; and lists anew, which whoever follows forward writes into."""
    if isinstance(value, (list, tuple, dict)):
        return tree.map(_of_its_own, value)
    return value.detach() if isinstance(value, torch.Tensor) else value


def _has_floats(value: Any) -> bool:
    return any(
        isinstance(leaf, torch.Tensor) and leaf.is_floating_point()
        for _, leaf in tree.leaves(value)
    )


def drawing(
    subject: Subject, inputs: Any, dtype: torch.dtype | None
) -> Callable[[np.random.Generator, Mapping[str, int]], dict[str, Any]]:
    """All arguments by name, in order and with the defaults that stand between them."""

    def draw(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
        found = inputs
        if callable(inputs):
            try:
                takes = inspect.signature(inputs).parameters
                found = inputs(rng, **sizes) if takes else inputs()
            except Exception as error:
                if sizes:  # the check says which sizes these were
                    raise
                raise ProblemError(f"{subject.name}: inputs raised {in_one_line(error)}") from error
        named = {**_named(subject, found), **subject.parameters}
        return {name: _in_type(value, dtype) for name, value in named.items()}

    return draw


def _named(subject: Subject, found: Any) -> dict[str, Any]:
    """Arguments by name, as given by name or by place."""
    if isinstance(found, Mapping):
        names = subject.names(len(found))
        unknown = [name for name in found if name not in names]
        if unknown:
            raise ProblemError(
                f"{subject.name}: inputs gives {unknown[0]}, but its arguments are "
                f"{', '.join(names)}{did_you_mean(unknown[0], names)}"
            )
        last = max((names.index(name) for name in found), default=-1)
        lacking = [n for n in names[: last + 1] if n not in found and n not in subject.defaults]
        needed = [n for n in names[last + 1 :] if n not in subject.defaults]
        if lacking or needed:
            raise ProblemError(f"{subject.name}: inputs doesn't give {(lacking + needed)[0]}")
        return {n: found.get(n, subject.defaults.get(n)) for n in names[: last + 1]}
    values = tuple(found) if isinstance(found, (tuple, list)) else (found,)
    names = subject.names(len(values))
    needed = [name for name in names[len(values) :] if name not in subject.defaults]
    if len(values) > len(names) or needed:
        raise ProblemError(
            f"{subject.name} takes {len(names)} arguments ({', '.join(names)}), but inputs gives "
            f"{len(values)}"
        )
    return dict(zip(names, values, strict=False))


def _in_type(value: Any, dtype: torch.dtype | None) -> Any:
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(value)
    if dtype is None or not isinstance(value, torch.Tensor) or not value.is_floating_point():
        return value
    return value.detach().to(dtype).requires_grad_(value.requires_grad)


def _asked(
    subject: Subject, arguments: Sequence[str], needs: Sequence[str] | Sequence[bool] | None
) -> list[str] | None:
    """The inputs that `needs` asks for, which are names, or a flag for each argument."""
    if needs is None:
        return None
    named = [needs] if isinstance(needs, str) else list(needs)
    if all(isinstance(each, bool) for each in named):
        if len(named) > len(arguments):
            raise ProblemError(
                f"{subject.name}: needs has {len(named)} flags for {len(arguments)} inputs"
            )
        return [name for name, flag in zip(arguments, named, strict=False) if flag]
    return [str(name) for name in named]
