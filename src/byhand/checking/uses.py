"""The uses of a value by a step, and what becomes of its axes there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


class Uptake(NamedTuple):
    """How a step reads a value: the ops' results that read it, one for each time; and whether there
    are more numbers in the step because it is copied on the way, or fewer because it is summed."""

    users: tuple[Tensor, ...]
    wider: bool
    narrower: bool


def ways_into(program: Program, step: Step) -> Mapping[Tensor, Uptake]:
    """The named values that a step was computed from, and how."""
    within = _within(program, step.tensor)
    users: dict[Tensor, list[Tensor]] = {}
    for user in within:
        for arg in user.parents:
            if arg in program.named:
                users.setdefault(arg, []).append(user)
    return {value: _way(value, found, within, step) for value, found in users.items()}


def _way(value: Tensor, users: Sequence[Tensor], within: Sequence[Tensor], step: Step) -> Uptake:
    carried, copied, summed = {value}, False, False
    for tensor in within:
        args = [arg for arg in tensor.parents if arg in carried]
        if args and tensor.op is not None:
            carried.add(tensor)
            summed |= tensor.op.structure == "reduction"
            copied |= tensor.op.structure == "elementwise" and any(
                _stretched(arg.shape, tensor.shape) for arg in args
            )
    before, after = value.value.size, step.value.size
    return Uptake(tuple(users), copied and after > before, summed and after < before)


def _within(program: Program, tensor: Tensor) -> list[Tensor]:
    """The tensors of a step, first to last: those without a name that it was computed from, and
    itself."""
    found: dict[Tensor, None] = {}

    def visit(user: Tensor) -> None:
        for arg in user.parents:
            if arg not in program.named and arg not in found:
                visit(arg)
        found[user] = None

    visit(tensor)
    return list(found)


def _stretched(shape: tuple[int, ...], to: tuple[int, ...]) -> list[int]:
    """The axes of `to` along which an array of `shape` is copied."""
    padded = (1,) * (len(to) - len(shape)) + shape
    new = len(to) - len(shape)
    return [
        i for i, (a, b) in enumerate(zip(padded, to, strict=True)) if b != 1 and (a == 1 or i < new)
    ]


def _axes(axis: int | tuple[int, ...] | None, ndim: int) -> list[int]:
    if axis is None or not ndim:  # NumPy takes an axis of a number, too
        return list(range(ndim))
    return [a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
