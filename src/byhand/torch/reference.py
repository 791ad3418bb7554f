# pyright: basic
"""What is true of a Function by a reference in plain PyTorch, which autograd can differentiate."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from byhand.engine.tensor import Tensor
from byhand.errors import ProblemError, in_one_line
from byhand.program.control_flow import run_plainly
from byhand.program.problem import Problem
from byhand.sources.autograd_functions.ctx import HELD, Held
from byhand.torch.subject import Spread, Subject
from byhand.values.arrays import as_torch
from byhand.values.torch_random import seed_torch


@dataclass(frozen=True, eq=False)
class Reference:
    """A reference that takes what a subject takes, or those of its arguments that it names."""

    call: Callable[..., Any]
    takes: tuple[str, ...]
    name: str

    def __call__(self, inputs: Mapping[str, Any]) -> tuple[Any, ...]:
        """Its outputs, on arguments by name. Raises ProblemError where it raises, in one line."""
        try:
            returned = self.call(*(inputs[name] for name in self.takes))
        except Exception as error:
            kinds = {str(v.dtype) for v in inputs.values() if isinstance(v, torch.Tensor)}
            where = ", ".join(sorted(kinds)).replace("torch.", "")
            raise ProblemError(f"{self.name} raised {in_one_line(error)} on {where}") from error
        if isinstance(returned, dict):
            return tuple(returned.values())
        return tuple(returned) if isinstance(returned, (tuple, list)) else (returned,)

    def outputs(self, returned: Sequence[Any], takes: Sequence[bool]) -> list[Any]:
        """Those that stand for the subject's outputs that take a gradient, in their order.

        Raises ProblemError where there are too few.
        """
        if len(returned) == len(takes):
            return [each for each, wanted in zip(returned, takes, strict=True) if wanted]
        if len(returned) != sum(takes):
            raise ProblemError(
                f"{self.name} returns {len(returned)} outputs, but {len(takes)} are to be compared"
            )
        return list(returned)


def reference_of(
    reference: Callable[..., Any], subject: Subject, arguments: Sequence[str]
) -> Reference:
    """A reference by the names of its parameters, or by place where they are called otherwise."""
    if not callable(reference):
        raise ProblemError(f"reference is no function: {reference!r}")
    name = getattr(reference, "__name__", "reference")
    try:
        signature = inspect.signature(reference)
    except (TypeError, ValueError):
        return Reference(reference, tuple(arguments), name)
    spread, given = Spread(signature), signature.parameters.values()

    def call(*values: Any) -> Any:
        taken, options = spread(values)
        return reference(*taken, **options)

    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [p for p in spread.named if p.kind not in kinds]
    whole = any(p.kind is p.VAR_POSITIONAL for p in given)
    names = [p.name for p in named]
    if whole:
        return Reference(call, tuple(arguments), name)
    needed = [p.name for p in named if p.default is p.empty]
    if set(needed) <= set(arguments):
        known = [n in arguments for n in names]
        count = known.index(False) if False in known else len(names)
        return Reference(call, tuple(names[:count]), name)
    if len(needed) > len(arguments):
        raise ProblemError(
            f"{name} takes {len(needed)} arguments, but {subject.name} is given {len(arguments)}"
        )
    return Reference(call, tuple(arguments)[: len(names)], name)


def own_forwards(subject: Subject, arguments: Sequence[str]) -> Iterator[Reference]:
    """A subject's own forward, if it has one, run so that autograd sees what it does: as it is, and
    so that what it writes in place, which autograd may still need, goes to new memory."""
    forward = subject.forward
    if forward is None:
        return

    def call(*given: Any) -> Any:
        copies = [v.clone() if isinstance(v, torch.Tensor) else v for v in given]
        return forward(Ctx(flags(given)), *copies)

    for way in (call, torch.func.functionalize(call)):
        yield Reference(way, tuple(arguments), f"the forward of {subject.name}")


def statements_as_reference(
    problem: Problem, subject: Subject, arguments: Sequence[str]
) -> Reference:
    """The statements of its forward, which don't cut themselves off (`x.detach()`)."""

    def call(*given: Any) -> Any:
        values = dict(zip(arguments, given, strict=True))
        tensors = {n: v.clone() for n, v in values.items() if isinstance(v, torch.Tensor)}
        held = {n: v for n, v in values.items() if n not in tensors}
        taken = {**tensors, HELD: Held({**subject.defaults, **held})}
        returned, _ = run_plainly(problem.forward, taken)
        return returned.value

    return Reference(call, tuple(arguments), f"the forward of {subject.name}")


class Ctx:
    """Stands for the ctx of a Function whose forward is run by itself."""

    saved_tensors: tuple[Any, ...] = ()
    saved_for_forward: tuple[Any, ...] = ()

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad

    def save_for_backward(self, *tensors: Any) -> None:
        self.saved_tensors = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        self.saved_for_forward = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        pass

    def mark_dirty(self, *tensors: Any) -> None:
        pass

    def set_materialize_grads(self, value: bool) -> None:
        pass


def kept(subject: Subject, names: Sequence[str], arguments: Sequence[Any]) -> tuple[Any, ...]:
    """What a subject's forward leaves in ctx under these names, and its outputs at the end."""
    plain = [_plain(value) for value in arguments]
    ctx = Ctx(flags(plain))
    assert subject.forward is not None
    seed_torch()
    with torch.no_grad():
        returned = subject.forward(ctx, *plain)
    outputs = returned if isinstance(returned, tuple) else (returned,)
    held = {f"output{i}": output for i, output in enumerate(outputs)}
    missing = [name for name in names if name not in held and not hasattr(ctx, name)]
    if missing:
        raise AttributeError(f"forward leaves no {missing[0]} in ctx")
    return (*(held[n] if n in held else getattr(ctx, n) for n in names), None)


def flags(arguments: Iterable[Any]) -> tuple[bool, ...]:
    """For each argument whether it is a tensor: `needs_input_grad`."""
    return tuple(isinstance(value, torch.Tensor) for value in arguments)


def _plain(value: Any) -> Any:
    """A traced value as the plain tensor that it stands for, in memory of its own."""
    if isinstance(value, Tensor):
        return as_torch(value.value)
    return value.detach().clone() if isinstance(value, torch.Tensor) else value
