"""A sweep through loops: what leaves an iteration is written down there.

What an iteration adds to a value from outside the loop is written as `+=`, so that all iterations
can say the same and come out as one loop.
"""

from __future__ import annotations

from byhand.codegen.notes import Iteration
from byhand.deriving.steps.ledger import GradientLedger
from byhand.deriving.steps.order import list_of
from byhand.engine.tensor import Tensor


class LoopIterations:
    """Leads a sweep into and out of iterations."""

    def __init__(self, gradients: GradientLedger) -> None:
        self.gradients = gradients
        self.context = gradients.context
        self.starts: dict[int, int] = {}
        """How many statements come before a loop."""
        self.bound: dict[str, int] = {}
        """Where in forward a name is bound first, and for a list its first item."""
        for place, step in enumerate(self.context.program):
            self.bound.setdefault(list_of(step) or step.name, place)

    def turn(self, to: Iteration | None) -> None:
        """The sweep leaves an iteration, or enters one: what goes across is written down now."""
        gradients, left = self.gradients, self.gradients.iteration
        if left is not None:
            self.flush(left)
        if to is not None and (left is None or to.loop != left.loop):
            gradients.iteration = None
            self.starts[to.loop] = len(gradients.statements)
            for tensor in [t for t in gradients.contributions if self.is_in(t, to.loop)]:
                if tensor in self.context.steps:
                    gradients.write(tensor)
        gradients.enter(to)

    def flush(self, left: Iteration) -> None:
        """What this iteration gives to values from outside it is added to those."""
        gradients, steps = self.gradients, self.context.steps
        inside = {step.name for step in steps.values() if self.is_in(step.tensor, left.loop)}
        for tensor in sorted(gradients.contributions, key=self.place):
            step, found = steps.get(tensor), gradients.contributions[tensor]
            adds = any(each.iteration == left for each in found)
            if step is None or not adds or self.context.iterations.get(tensor) == left:
                continue
            plain = not list_of(step) and step.name not in inside
            if plain and tensor not in gradients.begun:
                gradients.begin(tensor, self.starts[left.loop])
            found = gradients.contributions[tensor]
            rest = [each for each in found if each.iteration != left]
            gradients.contributions[tensor] = [e for e in found if e.iteration == left]
            gradients.write(tensor)
            if rest:
                gradients.contributions[tensor] = rest

    def place(self, tensor: Tensor) -> tuple[bool, int]:
        """When to write a gradient, the same in every iteration.

        Last comes what gets the name of a gradient that others still mention.
        """
        step, gradients = self.context.steps.get(tensor), self.gradients
        if step is None:
            return True, 0
        again = f"d{step.name}" in gradients.written and tensor not in gradients.begun
        return again, -self.bound[list_of(step) or step.name]

    def is_in(self, tensor: Tensor, loop: int) -> bool:
        made = self.context.iterations.get(tensor)
        return made is not None and made.loop == loop
