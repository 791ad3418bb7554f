"""The uses of a value by a step, and what becomes of its axes there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from byhand.engine.tensor import Tensor
from byhand.program.program import Program, Step


class Axes(NamedTuple):
    """The ops that a value goes into within a step; the axes along which broadcasting copied it,
    and those that were added up."""

    ops: tuple[str, ...]
    copied: tuple[int, ...]
    summed: tuple[int, ...]


def axes_of(value: Tensor, users: Sequence[Tensor]) -> Axes:
    """What becomes of `value` in the ops that gave `users`."""
    copied: dict[int, None] = {}
    summed: dict[int, None] = {}
    for user in users:
        assert user.op is not None
        if user.op.structure == "elementwise":
            copied |= dict.fromkeys(_stretched(value.shape, user.shape))
        if user.op.structure == "reduction":
            summed |= dict.fromkeys(_axes(user.params.get("axis"), value.value.ndim))
    names = tuple(dict.fromkeys(user.op.name for user in users if user.op is not None))
    return Axes(names, tuple(copied), tuple(summed))


def read_in(program: Program, step: Step) -> Mapping[Tensor, Sequence[Tensor]]:
    """The named values that a step was computed from, each with the ops' results that read it: one
    for each time it is read."""
    found: dict[Tensor, list[Tensor]] = {}
    for user in _within(program, step.tensor):
        for arg in user.args:
            if isinstance(arg, Tensor) and arg in program.named:
                found.setdefault(arg, []).append(user)
    return found


def _within(program: Program, tensor: Tensor) -> Iterator[Tensor]:
    """The tensors of a step: itself, and those without a name that it was computed from."""
    seen, waiting = {tensor}, [tensor]
    while waiting:
        user = waiting.pop()
        yield user
        for arg in user.args:
            if isinstance(arg, Tensor) and arg not in program.named and arg not in seen:
                seen.add(arg)
                waiting.append(arg)


def _stretched(shape: tuple[int, ...], to: tuple[int, ...]) -> list[int]:
    """The axes of `to` along which an array of `shape` is copied."""
    padded = (1,) * (len(to) - len(shape)) + shape
    new = len(to) - len(shape)
    return [
        i for i, (a, b) in enumerate(zip(padded, to, strict=True)) if b != 1 and (a == 1 or i < new)
    ]


def _axes(axis: int | tuple[int, ...] | None, ndim: int) -> list[int]:
    if axis is None:
        return list(range(ndim))
    return [a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
