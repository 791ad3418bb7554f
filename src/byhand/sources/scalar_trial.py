"""An op of an engine, tried on numbers or arrays: whether it adds difference quotients to the
gradients that its operands have."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from byhand.errors import ProblemError, in_one_line
from byhand.program.problem import Inputs
from byhand.sources.guesses import is_labels
from byhand.sources.scalar_ops import ScalarOp
from byhand.values.arrays import Array

DRAWS = 12
STEP = 1e-5
ELSEWHERE = 0.75
NEAR = 1e-4  # a wrong gradient is wrong by far more than a difference quotient

Draw: TypeAlias = Callable[[np.random.Generator], Inputs]
Shapes: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]

_NUMBERS: tuple[Shapes, ...] = (((), ()),)
_ARRAYS: tuple[Shapes, ...] = (((3, 4), (3, 4)), ((3, 4), (4, 2)))
_BROADCAST: tuple[Shapes, ...] = (((3, 4), (4,)), ((3, 1), (3, 4)))
_SETTINGS: Mapping[str, tuple[Any, ...]] = {"axis": (None, 0, 1), "keepdims": (False, True)}


@dataclass(frozen=True)
class Draws:
    """How operands for an op are drawn: `usual` ones, and `all` on which it is to be right. `notes`
    say what it isn't tried on."""

    usual: Draw
    all: Draw
    notes: tuple[str, ...] = ()


def draws(op: ScalarOp, cls: Any, said: Mapping[str, Any]) -> Draws:
    """Operands from a normal distribution, or else from 0.5 to 1.5. An engine of arrays gets
    arrays, also of shapes that are broadcast, if its closure runs on these.

    What isn't a value of the class is as `said`, or has its default, or is an integer.

    Raises ProblemError if it runs on neither.
    """
    signature = inspect.signature(getattr(cls, op.forward.name)).parameters
    others = {
        name: said.get(name, signature[name].default)
        for name in op.others
        if name in said or signature[name].default is not inspect.Parameter.empty
    }
    raised = ""
    for shapes in _ARRAYS if op.on_arrays else _NUMBERS:
        for positive in (False, True):
            usual = _drawing(op, [shapes], positive, others)
            error = _complaint(op, cls, usual)
            if error is None:
                free = {n for n in others if n not in said} if op.on_arrays else set[str]()
                return _all(op, cls, usual, shapes, positive, others, free)
            raised = raised or error
    raise ProblemError(f"it doesn't run on {'arrays' if op.on_arrays else 'numbers'}: {raised}")


def _all(
    op: ScalarOp,
    cls: Any,
    usual: Draw,
    shapes: Shapes,
    positive: bool,
    others: Mapping[str, Any],
    free: set[str],
) -> Draws:
    more, notes = [shapes], list[str]()
    binary = len(op.operands) == 2 and shapes == _ARRAYS[0]
    for each in _BROADCAST if binary and op.on_arrays else ():
        drawn = _drawing(op, [each], positive, others)
        if _complaint(op, cls, drawn) is None:
            error = _complaint(op, cls, drawn, backward=True)
            if error is None:
                more.append(each)
            else:
                one, other = each
                notes.append(
                    f"{op.name} isn't tried on {one} and {other}: its closure raises {error}"
                )
    return Draws(usual, _drawing(op, more, positive, others, free), tuple(notes[:1]))


def _drawing(
    op: ScalarOp,
    shapes: Sequence[Shapes],
    positive: bool,
    others: Mapping[str, Any],
    free: set[str] | None = None,
) -> Draw:
    """Draws operands of one of these shapes. Settings that are `free` are drawn, too."""

    def operand(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        drawn = rng.uniform(0.5, 1.5, size=shape) if positive else rng.normal(size=shape)
        return drawn if op.on_arrays else float(drawn)

    def other(rng: np.random.Generator, name: str) -> Any:
        if name in (free or ()) and name in _SETTINGS:
            return _SETTINGS[name][int(rng.integers(len(_SETTINGS[name])))]
        if name in others:
            return others[name]
        if op.on_arrays and is_labels(name):
            return rng.integers(0, 3, size=3)
        return int(rng.integers(2, 5))

    def draw(rng: np.random.Generator) -> Inputs:
        chosen = shapes[int(rng.integers(len(shapes)))] if len(shapes) > 1 else shapes[0]
        held = {n: operand(rng, s) for n, s in zip(op.operands, chosen, strict=False)}
        return held | {name: other(rng, name) for name in op.others}

    return draw


def _complaint(op: ScalarOp, cls: Any, drawn: Draw, *, backward: bool = False) -> str | None:
    """What an op raises on some draws, or its closure after it; None where it runs."""
    try:
        for seed in range(DRAWS):
            values = drawn(np.random.default_rng(seed))
            if not np.isfinite(_value(op, cls, values)).all():
                raise FloatingPointError("the result isn't finite")
            if backward:
                _gradients(op, cls, values, twice=False)
    except Exception as error:
        return in_one_line(error)
    return None


def wrong_at(op: ScalarOp, cls: Any, drawn: Draw, *, twice: bool = False) -> Inputs | None:
    """Operands at which an op gives a wrong gradient; None where none were found.

    With `twice`, one value is in the place of both operands.
    """
    for seed in range(DRAWS):
        values = drawn(np.random.default_rng(seed))
        if twice:
            first = values[op.operands[0]]
            first = first[:3, :3] if np.ndim(first) == 2 else first  # a product needs a square
            values |= dict.fromkeys(op.operands, first)
        try:
            if not _right(op, cls, values, twice):
                return values
        except Exception:
            return values if op.on_arrays and not twice else None
    return None


def _right(op: ScalarOp, cls: Any, values: Inputs, twice: bool) -> bool:
    gradients, seed = _gradients(op, cls, values, twice)
    moved = [[*op.operands]] if twice else [[name] for name in op.operands]
    rng = np.random.default_rng(1)
    for names, gradient in zip(moved, gradients, strict=False):
        shape = np.shape(values[names[0]])
        if gradient.shape != shape:
            return False
        way = rng.normal(size=shape) if op.on_arrays else np.ones(())
        above, below = (
            np.sum(seed * _value(op, cls, {**values, **{n: values[n] + s * way for n in names}}))
            for s in (STEP, -STEP)
        )
        truth = (above - below) / (2 * STEP)
        if not abs(np.sum(gradient * way) - truth) <= NEAR * (1 + abs(truth)):
            return False
    return True


def _gradients(op: ScalarOp, cls: Any, values: Inputs, twice: bool) -> tuple[list[Array], Array]:
    """What the closure adds to the gradients of the operands, and that of the result."""
    out, held = _run(op, cls, values, twice)
    for each in held:
        shape = np.shape(getattr(each, op.data))
        setattr(each, op.grad, np.full(shape, ELSEWHERE) if op.on_arrays else ELSEWHERE)
    seed = np.random.default_rng(2).normal(size=np.shape(getattr(out, op.data)))
    setattr(out, op.grad, np.array(seed) if op.on_arrays else float(seed))
    getattr(out, op.left or "")()
    return [np.asarray(getattr(each, op.grad)) - ELSEWHERE for each in held], seed


def _run(op: ScalarOp, cls: Any, values: Mapping[str, Any], twice: bool) -> tuple[Any, list[Any]]:
    """What the op gives, and its operands."""
    held = [cls(values[name]) for name in op.operands]
    held = [held[0] for _ in held] if twice else held
    given = dict(zip(op.operands, held, strict=True)) | {n: values[n] for n in op.others}
    return getattr(cls, op.forward.name)(**given), held


def _value(op: ScalarOp, cls: Any, values: Mapping[str, Any]) -> Array:
    return np.asarray(getattr(_run(op, cls, values, twice=False)[0], op.data), np.float64)
