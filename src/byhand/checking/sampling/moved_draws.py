"""The draws on inputs that were moved: to a generic point, to where branches go the other way, and
to zeros that backward may divide by."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from byhand.checking.sampling.moved_inputs import (
    Move,
    far_away,
    moved,
    nearby,
    to_both_sides,
    with_zeros,
)
from byhand.checking.sampling.sample_inputs import Draw, draw
from byhand.engine.backward import computed_first_to_last
from byhand.engine.tensor import Tensor
from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.program.statements import Function

MOVED = "moved"
FAR = "moved far"
ZEROS = "with zeros"


def generic(problem: Problem, seed: int) -> Draw | None:
    """A draw of the default sizes at a generic point; None where forward allows none."""
    return _first(problem, seed, MOVED, to_both_sides, nearby)


def other_branches(problem: Problem, seed: int, known: Draw) -> Draw | None:
    """A draw on which a branch is taken that another one doesn't take; None if there is none."""
    if not _one_sided(known.truth):
        return None
    found = _first(problem, seed, FAR, far_away)
    return (
        found if found is not None and _one_sided(found.truth) < _one_sided(known.truth) else None
    )


def zeros(problem: Problem, seed: int, backward: Function | None) -> Draw | None:
    """A draw with zeros in what backward divides by; None if it divides by nothing that has any."""
    divisors = _divisors(backward) if backward is not None else set[str]()
    if not divisors:
        return None
    found = _first(problem, seed, ZEROS, with_zeros)
    if found is None:
        return None
    held = [step.value for step in found.truth if step.name in divisors]
    return found if any(value.ndim and not np.all(value) for value in held) else None


def _first(problem: Problem, seed: int, how: str, *moves: Move) -> Draw | None:
    for move in moves:
        change = partial(moved, data=problem.data, move=move, seed=seed)
        try:
            found = draw(problem, {}, "float64", seed, change, how)
        except ProblemError:
            continue
        if all(np.isfinite(each.value).all() for each in _named_gradients(found)):
            return found
    return None


def _named_gradients(found: Draw) -> Iterator[Any]:
    for step in found.truth:
        if step.tensor in found.true_gradients:
            yield found.true_gradients[step.tensor]


def _one_sided(program: Program) -> int:
    """How many of forward's choices between values go one way for all elements."""
    count = 0
    for tensor in computed_first_to_last([step.tensor for step in program]):
        if tensor.op is None or tensor.value.size < 2:
            continue
        if tensor.op.kink in ("arguments", "zero") or tensor.op.name == "where":
            values = [arg.value if isinstance(arg, Tensor) else arg for arg in tensor.args]
            slopes = [
                vjp(np.ones(tensor.shape), tensor.value, *values, **tensor.params)
                for arg, vjp in zip(tensor.args, tensor.op.vjps, strict=False)
                if vjp is not None and isinstance(arg, Tensor)
            ]
            count += any(np.ptp(slope) == 0 for slope in slopes if np.size(slope) > 1)
    return count


def _divisors(function: Function) -> set[str]:
    """The names in what a function divides by."""
    found: set[str] = set()
    for top in function.body:
        for node in ast.walk(top):
            match node:
                case (
                    ast.BinOp(op=ast.Div(), right=divisor)
                    | ast.AugAssign(op=ast.Div(), value=divisor)
                ):
                    found |= _names(divisor)
                case ast.BinOp(left=base, op=ast.Pow()):
                    found |= _names(base)
                case ast.Call(func=ast.Attribute(attr="reciprocal" | "divide"), args=args):
                    found |= set[str]().union(*map(_names, args[-1:]))
                case _:
                    pass
    return found


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
