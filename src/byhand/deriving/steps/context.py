"""What is known of a forward before its gradients are looked for, and stays as it is."""

# Recorded values have parts of any type.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from byhand.codegen.emitter import Dialect, Emitter
from byhand.codegen.lengths import Lengths
from byhand.codegen.notes import Iteration, Notes
from byhand.codegen.recording import Recording
from byhand.deriving.steps.order import Endings, depending, endings, in_order, list_of, uses
from byhand.engine.tensor import Tensor
from byhand.errors import UnsupportedError
from byhand.program.program import Program, Step

Hoist = Callable[[ast.expr, str], ast.expr]


def no_statement(node: ast.expr, hint: str) -> ast.expr:
    """The place for statements of values that take none."""
    raise UnsupportedError("a value of forward takes several statements to be computed again")


@dataclass(frozen=True)
class Context:
    """A recorded forward, the gradients that are wanted, and the library to write them in.

    `steps` has the first step that a value is, `order` the values as forward computed them, `live`
    those that a wanted one goes into.
    """

    recording: Recording
    dialect: Dialect
    wanted: tuple[Step, ...]
    steps: Mapping[Tensor, Step]
    order: Sequence[Tensor]
    live: frozenset[Tensor]
    endings: Endings

    @property
    def program(self) -> Program:
        return self.recording.program

    @property
    def notes(self) -> Notes:
        return self.recording.notes

    @property
    def iterations(self) -> Mapping[Tensor, Iteration]:
        """In which iteration of a loop a value was made."""
        return self.recording.notes.iterations

    @cached_property
    def inputs(self) -> frozenset[Tensor]:
        return frozenset(step.tensor for step in self.program.inputs)

    @cached_property
    def outputs(self) -> Mapping[Tensor, Step]:
        return {step.tensor: step for step in self.program.outputs}

    @cached_property
    def places(self) -> Mapping[Tensor, int]:
        return {tensor: place for place, tensor in enumerate(self.order)}

    @cached_property
    def uses(self) -> Mapping[Tensor, int]:
        """How many contributions each value will get."""
        return uses(self.order, self.live, self.outputs)

    @cached_property
    def taken(self) -> frozenset[str]:
        """The names that forward has: a new one must be another."""
        forward = self.recording.problem.forward
        return frozenset({*forward.globals, *forward.parameters, *self.program.locals})

    @cached_property
    def looped(self) -> frozenset[Tensor]:
        """Values whose names stand for another in another iteration, and items of lists."""
        if not self.notes.loops:
            return frozenset()
        return frozenset([*self.iterations, *self.endings.items])

    @cached_property
    def names(self) -> Mapping[Tensor, ast.expr]:
        """The values that have one name for good."""
        return {t: node for t, node in self.endings.last.items() if t not in self.looped}

    @cached_property
    def lengths(self) -> Lengths:
        return Lengths(self.order, self.notes, self.names)

    @cached_property
    def accumulating(self) -> frozenset[str]:
        """Lists of gradients that begin as zeros: an item is used several times, or some never."""
        counts: dict[str, set[int]] = {}
        for step in self.program:
            if step.tensor in self.live and self.iterations and list_of(step):
                counts.setdefault(list_of(step), set()).add(min(self.uses[step.tensor], 2))
        return frozenset(name for name, n in counts.items() if n not in ({0}, {1}))

    @cached_property
    def items(self) -> frozenset[Tensor]:
        """Values whose name depends on where it is read."""
        ends = self.endings
        return frozenset(t for t in self.looped if t in ends.items or t in ends.last)

    def emitter(self, hoist: Hoist = no_statement, in_loop: bool = False) -> Emitter:
        """What writes this forward's values; `hoist` is where it puts statements of their own."""
        listed = self.endings.items.keys()
        return Emitter(self.notes, self.names, self.dialect, hoist, self.items, listed, in_loop)


def context_of(recording: Recording, dialect: Dialect, wanted: Sequence[Step]) -> Context:
    program = recording.program
    steps: dict[Tensor, Step] = {}
    for step in program:
        steps.setdefault(step.tensor, step)
    order = in_order([step.tensor for step in program])
    asked = {step.tensor for step in wanted}
    live = depending(order, asked)
    # A list of gradients has no gaps: where one item of a list gets one, all do.
    lists = {list_of(step) for step in program if step.tensor in live}
    items = {step.tensor for step in program if list_of(step) in lists and list_of(step)}
    live = depending(order, asked | items)
    ends = endings(program, steps)
    return Context(recording, dialect, tuple(wanted), steps, order, frozenset(live), ends)
