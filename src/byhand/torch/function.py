# pyright: basic
"""Hand-written gradients inside PyTorch: `byhand.torch.function(problem)`.

    attention = byhand.torch.function(byhand.load("attention.py"))
    out = attention(q, k, v)  # out.sum().backward() calls the backward in the file

A module that is built with it trains, saves and loads as any other, also in several processes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from byhand.checking.check import check
from byhand.errors import ProblemError
from byhand.program.call import Call, answers_in
from byhand.program.problem import Problem
from byhand.program.trace import trace_problem
from byhand.train.gradients import hand_backward, items_named
from byhand.train.rewrite import explained, with_locals
from byhand.values.arrays import is_sequence, is_torch, speaks_torch


def function(problem: Problem) -> Callable[..., Any]:
    """Forward as a function of PyTorch tensors, with the gradients of the hand-written backward.

    It takes forward's inputs, in their order or by name, and returns what forward returns, on the
    same device. A PyTorch forward runs where its tensors are; a NumPy forward runs in NumPy, on
    tensors in main memory. What backward asks for is what is saved. There are no gradients of
    gradients: backward has none. Under `torch.compile` it runs as it does without; a whole graph
    (`fullgraph=True`) can't be made of it.

    The backward is checked first. Raises ProblemError if it isn't right.
    """
    report = check(problem)
    if not report.ok:
        wrong = ", ".join(f"d{name}" for name in report.roots) or "a gradient"
        raise ProblemError(
            f"{problem.file}: {wrong} isn't right: `byhand check {problem.file}` says more"
        )
    written = _Written.of(problem)
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=problem.forward.defaults.get(name, inspect.Parameter.empty),
        )
        for name in problem.forward.parameters
    ]
    signature = inspect.Signature(parameters)

    def call(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        tensors = dict(_tensors(bound.arguments))
        for name, tensor in tensors.items():
            if tensor.device.type != "cpu" and not written.in_torch:
                raise ProblemError(
                    f"{problem.file}: {name} is on {tensor.device}, but forward is NumPy, which "
                    "runs in main memory: write it in PyTorch"
                )
        places = {id(tensor): _Held(i) for i, tensor in enumerate(tensors.values())}
        values = _packed(bound.arguments, lambda value: places.get(id(value)))
        return _ByHand.apply(written, values, tuple(tensors), *tensors.values())

    # Its statements aren't PyTorch's alone: what is around it is compiled, and calls it as it is.
    said: dict[str, Any] = {
        "reason": "byhand.torch.function is never compiled: leave fullgraph=True out"
    }
    known = inspect.signature(torch.compiler.disable).parameters  # not in older versions
    apart = torch.compiler.disable(call, **{n: said[n] for n in said if n in known})

    def hand_written(*args: Any, **kwargs: Any) -> Any:
        return apart(*args, **kwargs)

    hand_written.__name__, hand_written.__doc__ = problem.name, problem.doc
    hand_written.__signature__ = signature
    return hand_written


@dataclass(frozen=True)
class _Written:
    """A problem's functions, each giving its locals too."""

    problem: Problem
    forward: Callable[..., tuple[Any, dict[str, Any]]]
    backward: Callable[..., tuple[Any, dict[str, Any]]]
    call: Call
    outputs: tuple[str, ...]
    in_torch: bool

    @classmethod
    def of(cls, problem: Problem) -> _Written:
        inputs = problem.inputs()
        steps = trace_problem(problem, inputs).outputs
        outputs = tuple(step.name for step in steps)
        forward, in_torch = with_locals(problem.forward), speaks_torch(inputs)
        call, backward = hand_backward(problem)
        return cls(problem, forward, backward, call, outputs, in_torch)

    def spoken(self, tensor: Any) -> Any:
        """A tensor as forward and backward have it."""
        return tensor.detach() if self.in_torch else tensor.detach().numpy()


class _ByHand(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, written: _Written, values: Any, names: Any, *tensors: Any) -> Any:
        spoken = [written.spoken(tensor) for tensor in tensors]
        try:
            returned, steps = written.forward(**_unpacked(values, spoken))
        except Exception as error:
            raise explained(written.problem, "forward", error) from error
        kept = {name: steps[name] for name in written.call.parameters if name in steps}
        # PyTorch keeps the tensors, and so notices if an input is changed before backward runs.
        saved: list[Any] = []

        def hold(value: Any) -> _Held | None:
            given = (t for s, t in zip(spoken, tensors, strict=True) if s is value)
            tensor = next(given, value)
            if not is_torch(tensor):
                return None
            saved.append(tensor)
            return _Held(len(saved) - 1)

        ctx.kept = _packed(kept, hold)
        ctx.save_for_backward(*saved)
        ctx.written, ctx.names = written, names
        ctx.like = [(t.shape, t.dtype, t.device) for t in tensors]
        if isinstance(returned, tuple):
            return tuple(map(_as_tensor, returned))
        return _as_tensor(returned)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Any) -> Any:
        written: _Written = ctx.written
        known: dict[str, Any] = _unpacked(
            ctx.kept, [written.spoken(tensor) for tensor in ctx.saved_tensors]
        )
        asked_for = [f"d{name}" for name in written.outputs]
        known |= {n: written.spoken(g) for n, g in zip(asked_for, upstream, strict=True)}
        try:
            given = written.call.filled(known)
            returned, local = written.backward(**{**written.call.defaults, **given})
        except Exception as error:
            raise explained(written.problem, "backward", error) from error
        # A loss's own gradient is 1 to the backward, unless it asks for it.
        scale = 1 if set(asked_for) & set(written.call.parameters) else upstream[0]
        found = items_named(answers_in(local, returned, written.problem))
        wanted = zip(ctx.names, ctx.like, ctx.needs_input_grad[3:], strict=True)
        return (
            None,
            None,
            None,
            *(
                _gradient(written, name, found.get(f"d{name}"), like) * scale if needed else None
                for name, like, needed in wanted
            ),
        )


def _as_tensor(value: Any) -> Any:
    """What forward returns, in memory of its own."""
    return value if is_torch(value) else torch.from_numpy(np.array(value))


def _gradient(written: _Written, name: str, answer: Any, like: Any) -> Any:
    shape, dtype, device = like
    file = written.problem.file
    if answer is None:
        raise ProblemError(f"{file}: backward gives no d{name}, but {name} requires a gradient")
    gradient = torch.as_tensor(answer, dtype=dtype, device=device)
    if gradient.shape != shape:  # PyTorch would add it up to the shape it wants
        raise ProblemError(
            f"{file}: d{name} has the shape {tuple(gradient.shape)}, but {name} has {tuple(shape)}"
        )
    return gradient


@dataclass(frozen=True)
class _Held:
    """Stands for a tensor that is kept elsewhere."""

    place: int


def _tensors(values: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The tensors among forward's inputs: `W`, and those of a list `Ws` as `Ws[0]`, `Ws[1]`, ..."""
    if is_torch(values):
        yield name, values
    elif isinstance(values, Mapping):
        for key, value in values.items():
            yield from _tensors(value, key)
    elif is_sequence(values):
        for i, item in enumerate(values):
            yield from _tensors(item, f"{name}[{i}]")


def _packed(values: Any, hold: Callable[[Any], _Held | None]) -> Any:
    """Values with what is held elsewhere left out."""
    if isinstance(values, Mapping):
        return {name: _packed(value, hold) for name, value in values.items()}
    if is_sequence(values):
        return type(values)(_packed(item, hold) for item in values)
    held = hold(values)
    return values if held is None else held


def _unpacked(values: Any, held: Sequence[Any]) -> Any:
    """The values with what is held put back."""
    if isinstance(values, Mapping):
        return {name: _unpacked(value, held) for name, value in values.items()}
    if is_sequence(values):
        return type(values)(_unpacked(item, held) for item in values)
    return held[values.place] if isinstance(values, _Held) else values
