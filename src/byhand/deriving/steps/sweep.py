"""The backward sweep with symbols: which gradient gets which contribution, in order.

As in `byhand.engine.backward`, values are visited in the reverse of the order in which they were
computed, and each passes on to what it was computed from. A named value takes a statement; one
without a name only hands an expression on.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from byhand.codegen import nodes as nd
from byhand.codegen.nodes import UnnamedValue
from byhand.codegen.symbol import Symbol
from byhand.deriving.steps.context import Context
from byhand.deriving.steps.contributions import Assignment, Contribution
from byhand.deriving.steps.ledger import GradientLedger
from byhand.deriving.steps.local import Local
from byhand.deriving.steps.loop_iterations import LoopIterations
from byhand.deriving.steps.order import list_of
from byhand.engine.tensor import Tensor
from byhand.program.program import Step

LONG = 60  # characters: what is longer gets a name


@dataclass(frozen=True)
class Swept:
    """What a sweep gives: statements in order, and the names that are taken after them."""

    statements: tuple[Assignment, ...]
    taken: frozenset[str]


def sweep(context: Context) -> Swept:
    """One statement for the gradient of every named value that a wanted one goes into."""
    gradients = GradientLedger(context)
    _Sweep(context, gradients, LoopIterations(gradients)).run()
    return Swept(tuple(gradients.statements), frozenset(gradients.names.taken))


@dataclass(frozen=True)
class _Sweep:
    context: Context
    gradients: GradientLedger
    loops: LoopIterations

    def run(self) -> None:
        context, gradients = self.context, self.gradients
        for tensor, step in context.outputs.items():
            gradients.add(tensor, Contribution(self.seed(step)))
        waiting = Counter(context.uses)
        complete: list[Tensor] = []
        for tensor in reversed(context.order):
            if tensor.op is None or not self.reached(tensor) or tensor not in context.live:
                continue
            iteration = context.iterations.get(tensor)
            if iteration != gradients.iteration:
                self.loops.turn(iteration)
            if tensor in context.steps and iteration is None:
                self.write_inputs(complete)
                complete = []
            g = self.gradient(tensor)
            for position, arg in enumerate(tensor.args):
                if isinstance(arg, Tensor) and arg in context.live:
                    self.pass_on(tensor, position, arg, g)
                    waiting[arg] -= 1
                    if arg.op is None and waiting[arg] == 0:
                        complete.append(arg)
        self.loops.turn(None)
        self.write_inputs(complete)
        for step in context.wanted:
            tensor = step.tensor
            if tensor.op is None and tensor in context.outputs:
                gradients.write(tensor)
            elif tensor not in gradients.contributions and tensor not in gradients.begun:
                gradients.zeros(tensor)

    def reached(self, tensor: Tensor) -> bool:
        """Whether something has come in, or will be added to the zeros that a list begins with."""
        if tensor in self.gradients.contributions or tensor in self.gradients.begun:
            return True
        step = self.context.steps.get(tensor)
        if step is None or tensor not in self.context.iterations:
            return False
        return list_of(step) in self.context.accumulating

    def seed(self, step: Step) -> Symbol:
        """1 for a scalar loss; else what backward is given as d<name>."""
        if self.context.program.scalar:
            return Symbol(ast.Constant(1), np.ones(()), self.gradients.emitter, step.tensor)
        target = self.gradients.target(step.tensor)
        return Symbol(target, np.ones(step.shape), self.gradients.emitter, step.tensor)

    def gradient(self, tensor: Tensor) -> Symbol:
        """The complete gradient of a value, to be passed on."""
        gradients, step, op = self.gradients, self.context.steps.get(tensor), tensor.op
        assert op is not None
        is_output = tensor in self.context.outputs
        if is_output and len(gradients.contributions.get(tensor, ())) == 1:
            return gradients.contributions.pop(tensor)[0].symbol
        unnamed = step is None or step.name in ("loss", "return")
        if not unnamed or (step is not None and tensor not in gradients.contributions):
            return gradients.write(tensor)
        total = self.total(tensor, [each.symbol for each in gradients.take(tensor)])
        if _is_short(total.node) or (self.used_once(tensor) and nd.length(total.node) < LONG):
            return total
        return total.with_node(gradients.hoist(total.node, f"grad_{op.noun or op.name}"))

    def used_once(self, tensor: Tensor) -> bool:
        """Whether the gradient of this value is needed in one place only."""
        live = self.context.live
        return sum(arg in live for arg in tensor.parents) == 1

    def total(self, tensor: Tensor, symbols: list[Symbol]) -> Symbol:
        emitter = self.gradients.emitter
        total = emitter.plain(symbols[0])
        for symbol in symbols[1:]:
            total = total + emitter.plain(symbol)
        return Symbol(total.node, total.value, emitter, tensor)

    def pass_on(self, tensor: Tensor, position: int, arg: Tensor, g: Symbol) -> None:
        """Gives an argument of `tensor` what comes back to it of the gradient `g`."""
        gradients = self.gradients
        local = Local(gradients.emitter, self.context.iterations)
        made = local.contribution(tensor, position, arg, g)
        if made is not None:
            made = replace(made, user=self.user_of(tensor), iteration=gradients.iteration)
            gradients.add(arg, made)

    def user_of(self, tensor: Tensor) -> str:
        """The name that the value goes into."""
        if tensor in self.context.steps:
            return self.context.steps[tensor].name
        owners = self.context.program.owners.get(tensor, ())
        return owners[0] if owners else ""

    def write_inputs(self, complete: list[Tensor]) -> None:
        """Inputs of which everything has come in, in forward's order."""
        order = {step.tensor: i for i, step in enumerate(self.context.program.inputs)}
        for tensor in sorted(complete, key=lambda t: order.get(t, -1)):
            if tensor in self.context.steps:
                self.gradients.write(tensor)


def _is_short(node: ast.expr) -> bool:
    return isinstance(node, (ast.Name, ast.Constant, UnnamedValue, nd.ListItem)) or (
        isinstance(node, (ast.Attribute, ast.Subscript)) and _is_short(node.value)
    )
