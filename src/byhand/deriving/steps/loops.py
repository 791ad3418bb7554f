"""Iterations of a loop that all say the same, written as a loop."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from byhand.codegen import nodes as nd
from byhand.codegen.notes import ForwardLoop, Iteration
from byhand.deriving.steps.block import Block
from byhand.deriving.steps.contributions import Assignment
from byhand.deriving.steps.line import Line
from byhand.deriving.steps.name_resolution import NameResolver
from byhand.deriving.steps.names import FreshNames


def as_loop(
    loop: int, block: Sequence[Assignment], resolver: NameResolver, names: FreshNames
) -> Line | None:
    """All iterations as one loop; None if they don't say the same."""
    known = resolver.context.notes.loops[loop]
    over = None if known.nested else _over(known)
    if over is None or resolver.context.notes.unsafe(over):
        return None
    counter = known.counter or names.fresh("i")
    iterations: dict[Iteration, list[Assignment]] = {}
    for statement in block:
        assert statement.iteration is not None
        iterations.setdefault(statement.iteration, []).append(statement)
    if not 1 < len(iterations) == known.iterations:  # one iteration shows nothing
        return None
    bodies = [
        Block(replace(resolver, iteration=iteration, loop_counter=counter)).lines(statements)
        for iteration, statements in iterations.items()
    ]
    if not _alike(bodies):
        return None
    over = over if known.listed else nd.call("reversed", over)
    body = [node for line in bodies[0] for node in line.nodes]
    return Line((ast.For(ast.Name(counter, ast.Store()), over, body, []),), "", "")


def _over(loop: ForwardLoop) -> ast.expr | None:
    """`range(n)`, or the range of the list that a loop is over."""
    match loop.over:
        case ast.Call(func=ast.Name(id="range")) as over:
            return over
        case (
            ast.Call(func=ast.Name(id="zip"), args=[ast.Name() as of, *_])
            | ast.Call(func=ast.Name(id="enumerate"), args=[ast.Name() as of])
            | (ast.Name() as of)
        ):
            return nd.call("range", nd.call("len", of))
        case _:
            return None


def _alike(bodies: Sequence[Sequence[Line]]) -> bool:
    """Whether all say the same. The last may clear less: before it there was nothing."""
    first, *others, last = [[str(line) for line in body] for body in bodies]
    cleared = [said for said in first if not re.fullmatch(r"d\w+\[.*\] = 0\.0", said)]
    return all(other == first for other in others) and last in (first, cleared)


def written_out(loop: ForwardLoop) -> str:
    """A note on a loop that is no loop in the backward."""
    where = " over a list" if loop.listed else f" in line {loop.over.lineno}"
    number = "1 round" if loop.iterations == 1 else f"{loop.iterations} rounds"
    return f"the loop{where} is written out round by round: this holds for {number} only"
