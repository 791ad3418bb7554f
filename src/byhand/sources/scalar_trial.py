"""An op of a scalar engine, tried on numbers: whether it adds difference quotients to the gradients
that its operands have."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from byhand.errors import ProblemError, in_one_line
from byhand.program.problem import Inputs
from byhand.sources.scalar_ops import ScalarOp

DRAWS = 12
STEP = 1e-5
ELSEWHERE = 0.75
NEAR = 1e-4  # a wrong gradient is wrong by far more than a difference quotient

Draw: TypeAlias = Callable[[np.random.Generator], Inputs]


def numbers(op: ScalarOp, cls: Any, said: Mapping[str, Any]) -> Draw:
    """How numbers for an op are drawn: from a normal distribution, or else from 0.5 to 1.5.

    What isn't a value of the class is as `said`, or has its default, or is an integer.

    Raises ProblemError if it runs on neither.
    """
    signature = inspect.signature(getattr(cls, op.forward.name)).parameters
    others = {
        name: said.get(name, signature[name].default)
        for name in op.others
        if name in said or signature[name].default is not inspect.Parameter.empty
    }

    def anywhere(rng: np.random.Generator) -> Inputs:
        held = {name: float(rng.normal()) for name in op.operands}
        return held | {name: int(rng.integers(2, 5)) for name in op.others} | others

    def positive(rng: np.random.Generator) -> Inputs:
        held = {name: float(rng.uniform(0.5, 1.5)) for name in op.operands}
        return held | {name: int(rng.integers(2, 5)) for name in op.others} | others

    raised = ""
    for drawn in (anywhere, positive):
        try:
            for seed in range(DRAWS):
                if not np.isfinite(_number(op, cls, drawn(np.random.default_rng(seed)))):
                    raise FloatingPointError("the result isn't finite")
        except Exception as error:
            raised = raised or in_one_line(error)
        else:
            return drawn
    raise ProblemError(f"it doesn't run on numbers: {raised}")


def wrong_at(op: ScalarOp, cls: Any, drawn: Draw, *, twice: bool = False) -> Inputs | None:
    """Numbers at which an op gives a wrong gradient; None where none were found.

    With `twice`, one value is in the place of both operands.
    """
    for seed in range(DRAWS):
        values = drawn(np.random.default_rng(seed))
        if twice:
            values |= dict.fromkeys(op.operands, values[op.operands[0]])
        try:
            if not _right(op, cls, values, twice):
                return values
        except Exception:
            return None
    return None


def _right(op: ScalarOp, cls: Any, values: Inputs, twice: bool) -> bool:
    out, held = _run(op, cls, values, twice)
    for each in held:
        setattr(each, op.grad, ELSEWHERE)
    setattr(out, op.grad, 1.0)
    getattr(out, op.left or "")()
    moved = [[*op.operands]] if twice else [[name] for name in op.operands]
    for names, each in zip(moved, held, strict=False):
        above, below = (
            _number(op, cls, {**values, **{name: values[name] + step for name in names}})
            for step in (STEP, -STEP)
        )
        truth = (above - below) / (2 * STEP)
        gradient = float(getattr(each, op.grad)) - ELSEWHERE
        if not abs(gradient - truth) <= NEAR * (1 + abs(truth)):
            return False
    return True


def _run(op: ScalarOp, cls: Any, values: Mapping[str, Any], twice: bool) -> tuple[Any, list[Any]]:
    """What the op gives, and its operands."""
    held = [cls(values[name]) for name in op.operands]
    held = [held[0] for _ in held] if twice else held
    given = dict(zip(op.operands, held, strict=True)) | {n: values[n] for n in op.others}
    return getattr(cls, op.forward.name)(**given), held


def _number(op: ScalarOp, cls: Any, values: Mapping[str, Any]) -> float:
    return float(getattr(_run(op, cls, values, twice=False)[0], op.data))
