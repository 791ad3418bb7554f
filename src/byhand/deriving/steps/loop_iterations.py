"""A sweep through loops: what crosses the border of a round is written down there.

In a round, what it adds to a value from outside the loop is written as `+=`, so that all rounds can
say the same and come out as one loop.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from byhand.deriving.codegen import nodes as nd
from byhand.deriving.recording import Iteration
from byhand.deriving.steps.contributions import Assignment
from byhand.deriving.steps.order import list_of
from byhand.engine.tensor import Tensor
from byhand.program.program import Step

if TYPE_CHECKING:
    from byhand.deriving.steps.sweep import Sweep


class Rounds:
    """Where in forward's loops a sweep is. `round` is None outside of them."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.made = sweep.recording.notes.rounds
        self.round: Iteration | None = None
        self.starts: dict[int, int] = {}
        self.bound: dict[str, int] = {}
        """Where in forward a name is bound first, and for a list its first item."""
        for place, step in enumerate(sweep.recording.program):
            self.bound.setdefault(list_of(step) or step.name, place)

    def turn(self, to: Iteration | None) -> None:
        """The sweep leaves a round, or enters one: what goes across is written down now."""
        if self.round is not None:
            self.flush(self.round)
            if to is not None and to.loop != self.round.loop:
                self.round = None
                return self.turn(to)
        elif to is not None:
            self.starts[to.loop] = len(self.sweep.statements)
            for tensor in [t for t in self.sweep.shares if self.is_in(t, to.loop)]:
                if tensor in self.sweep.steps:
                    self.sweep.write(tensor)
        self.round = to
        self.sweep.emitter.in_round = to is not None
        self.sweep.names.begin()
        return None

    def flush(self, round: Iteration) -> None:
        """The shares that this round has for values from outside it are added to those."""
        loop = round.loop
        inside = {s.name for s in self.sweep.steps.values() if self.is_in(s.tensor, loop)}
        for tensor in sorted(self.sweep.shares, key=self.place):
            step = self.sweep.steps.get(tensor)
            adds = any(share.round == round for share in self.sweep.shares[tensor])
            if step is None or not adds or self.made.get(tensor) == round:
                continue
            plain = not list_of(step) and step.name not in inside
            if plain and tensor not in self.sweep.begun:
                target = nd.parsed(f"d{step.name}")
                assert target is not None
                self.start(target, tensor, step, self.starts[loop])
            shares = self.sweep.shares[tensor]
            rest = [share for share in shares if share.round != round]
            self.sweep.shares[tensor] = [share for share in shares if share.round == round]
            self.sweep.write(tensor)
            if rest:
                self.sweep.shares[tensor] = rest

    def start(self, target: ast.expr, tensor: Tensor, step: Step, at: int) -> None:
        """Zeros, before a loop that adds to them. What has their name already gets another."""
        said = nd.text(target)
        if said in self.sweep.written:
            saved = ast.Name(self.sweep.names.fresh("grad"), ast.Load())

            def renamed(node: ast.expr) -> ast.expr:
                return saved if isinstance(node, ast.Name) and node.id == said else node

            self.sweep.statements[at:] = [s.rebuilt(renamed) for s in self.sweep.statements[at:]]
            for shares in self.sweep.shares.values():
                shares[:] = [share.rebuilt(renamed) for share in shares]
            before = [s for s in self.sweep.statements[:at] if nd.shown(s.target) == said]
            owner = before[-1].tensor if before else None
            self.sweep.statements.insert(at, Assignment(saved, (target,), tensor=owner))
            at += 1
        zeros = self.sweep.dialect.zeros_like(nd.ShapeLike(tensor))
        self.sweep.statements.insert(at, Assignment(target, (zeros,), (), tensor, step))
        self.sweep.begun.add(tensor)

    def place(self, tensor: Tensor) -> tuple[bool, int]:
        """When to write a gradient, the same in every round.

        Last comes what gets the name of a gradient that others still mention.
        """
        step = self.sweep.steps.get(tensor)
        if step is None:
            return True, 0
        again = f"d{step.name}" in self.sweep.written and tensor not in self.sweep.begun
        return again, -self.bound[list_of(step) or step.name]

    def is_in(self, tensor: Tensor, loop: int) -> bool:
        round = self.made.get(tensor)
        return round is not None and round.loop == loop
