"""Rounds of a loop that all say the same, written as a loop."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence

from byhand.deriving.codegen import nodes as nd
from byhand.deriving.recording import ForwardLoop, Iteration
from byhand.deriving.steps.contributions import Assignment
from byhand.deriving.steps.line import Line
from byhand.deriving.steps.name_resolution import NameResolver


class Loops:
    """Writes loops. `unrolled` are those that had to be written round by round."""

    def __init__(self, leaves: NameResolver) -> None:
        self.leaves = leaves
        self.recorded = leaves.sweep.recording.notes
        self.unrolled: set[int] = set()

    def lines(
        self,
        loop: int,
        block: list[Assignment],
        written: Callable[[Sequence[Assignment]], list[Line]],
    ) -> list[Line]:
        """All rounds as a loop, if they say the same; else one round after the other."""
        known = self.recorded.loops[loop]
        head = None if known.nested else self.head(loop)
        rounds: dict[Iteration, list[Assignment]] = {}
        for statement in block:
            assert statement.round is not None
            rounds.setdefault(statement.round, []).append(statement)
        if head is not None and 1 < len(rounds) == known.rounds:  # one round shows nothing
            bodies: list[list[Line]] = []
            for self.leaves.round, statements in rounds.items():
                bodies.append(written(statements))
            self.leaves.round = None
            if _alike(bodies):
                return [self.rolled(head, bodies[0])]
        self.unrolled.add(loop)
        return written(block)

    def head(self, loop: int) -> ast.For | None:
        """`for t in reversed(range(n))`."""
        known = self.recorded.loops[loop]
        match known.over:
            case ast.Call(func=ast.Name(id="range")) as over:
                pass
            case ast.Call(func=ast.Name(id="zip"), args=[ast.Name() as of, *_]):
                over = nd.call("range", nd.call("len", of))
            case ast.Call(func=ast.Name(id="enumerate"), args=[ast.Name() as of]):
                over = nd.call("range", nd.call("len", of))
            case ast.Name() as of:
                over = nd.call("range", nd.call("len", of))
            case _:
                return None
        if self.recorded.unsafe(over):
            return None
        counter = known.counter or self.leaves.sweep.fresh("i")
        self.leaves.counters[loop] = counter
        over = over if known.listed else nd.call("reversed", over)
        return ast.For(ast.Name(counter, ast.Store()), over, [], [])

    def rolled(self, head: ast.For, body: list[Line]) -> Line:
        for line in body:
            head.body.extend(line.nodes)
        self.leaves.used |= {n.id for n in ast.walk(head) if isinstance(n, ast.Name)}
        return Line((head,), "", "")


def _alike(bodies: list[list[Line]]) -> bool:
    """Whether all rounds say the same. The last may clear less: before it there was nothing."""
    first, *others, last = [[str(line) for line in body] for body in bodies]
    cleared = [said for said in first if not re.fullmatch(r"d\w+\[.*\] = 0\.0", said)]
    return all(other == first for other in others) and last in (first, cleared)


def said(loop: ForwardLoop) -> str:
    """A note on a loop that is written round by round."""
    where = " over a list" if loop.listed else f" in line {loop.over.lineno}"
    number = "1 round" if loop.rounds == 1 else f"{loop.rounds} rounds"
    return f"the loop{where} is written out round by round: this holds for {number} only"
