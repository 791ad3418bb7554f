"""Backwards that go on with one element of the gradient that they are given:

    for i, gradient in enumerate(dout):
        if gradient == 0:
            continue
        ...
        return dx

That is right where all the others are 0, as below a cross-entropy, whose gradient is that of one
class; so there it is tried.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

from byhand.program.call import Call
from byhand.program.program import Program
from byhand.values.arrays import Array


def takes_one_of(program: Program, backward: Call) -> str | None:
    """The upstream gradient of which backward takes the first element that isn't 0."""
    asked = {f"d{step.name}" for step in program.outputs} & {*backward.parameters}
    if len(program.outputs) != 1 or not asked or backward.function is None:
        return None
    for node in backward.function.nodes:
        match node:
            case ast.For(iter=iterable, body=body) if _leaves_after_one(body):
                read = {part.id for part in ast.walk(iterable) if isinstance(part, ast.Name)}
                if read & asked:
                    return next(iter(asked))
            case _:
                pass
    return None


def _leaves_after_one(body: Sequence[ast.stmt]) -> bool:
    match body:
        case [
            ast.If(
                test=ast.Compare(ops=[ast.Eq()], comparators=[ast.Constant(value=0)]),
                body=[ast.Continue()],
            ),
            *rest,
        ]:
            return _leaves(rest)
        case [
            ast.If(
                test=ast.Compare(ops=[ast.NotEq()], comparators=[ast.Constant(value=0)]),
                body=inner,
            )
        ]:
            return _leaves(inner)
        case _:
            return False


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Return | ast.Break)


def one_of(upstream: Array, seed: int) -> Array:
    """The same gradient, 0 but for one element."""
    found = np.zeros_like(upstream)
    place = np.random.default_rng([seed, 5]).integers(upstream.size)
    found.flat[place] = upstream.flat[place]
    return found
