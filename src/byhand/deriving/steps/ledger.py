"""The gradients of one sweep: the contributions that have come in, and the statements so far."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from dataclasses import replace

from byhand.codegen import nodes as nd
from byhand.codegen.notes import Iteration
from byhand.codegen.symbol import Symbol
from byhand.deriving.steps.context import Context
from byhand.deriving.steps.contributions import (
    Assignment,
    Contribution,
    goes_on,
    in_place,
    joined,
    statement,
)
from byhand.deriving.steps.names import FreshNames
from byhand.deriving.steps.order import list_of
from byhand.engine.tensor import Tensor


class GradientLedger:
    """`iteration` is that of the loop that is swept. `begun` are values whose gradient has a
    statement already, `written` what these statements assign to.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.names = FreshNames(context.taken)
        self.iteration: Iteration | None = None
        self.emitter = context.emitter(self.hoist)
        self.contributions: dict[Tensor, list[Contribution]] = {}
        self.statements: list[Assignment] = []
        self.begun: set[Tensor] = set()
        self.written: set[str] = set()

    def enter(self, iteration: Iteration | None) -> None:
        self.iteration = iteration
        self.emitter = self.context.emitter(self.hoist, in_loop=iteration is not None)
        self.names.begin()

    def add(self, tensor: Tensor, contribution: Contribution) -> None:
        self.contributions.setdefault(tensor, []).append(contribution)

    def take(self, tensor: Tensor) -> list[Contribution]:
        """All that has come in for a value; the parts of what was split are put together."""
        return joined(tensor, self.contributions.pop(tensor, []))

    def target(self, tensor: Tensor) -> ast.expr:
        """What the gradient of a named value is called."""
        target = nd.parsed(f"d{self.context.steps[tensor].name}")
        assert target is not None
        return target

    def write(self, tensor: Tensor) -> Symbol:
        """Writes the gradient of a named value down; gives its name."""
        step, target = self.context.steps[tensor], self.target(tensor)
        said = nd.text(target)
        found = self.take(tensor)
        if said in self.written and tensor not in self.begun:
            if len(found) == 1 and goes_on(found[0], said, tensor):
                self.save(target)
                found = in_place(found[0])
                self.begun.add(tensor)
                if found:  # what was read of the array before must not change with it
                    self.statements = [s.apart(said) for s in self.statements]
            else:
                self.contributions[tensor] = found
                self.save(target)
                del self.contributions[tensor]
        if list_of(step) and self.context.notes.loops:
            target = nd.ListItem(tensor, True)
        if list_of(step) in self.context.accumulating:
            self.begun.add(tensor)
        if found or tensor not in self.begun:
            made = statement(target, tensor, step, found, tensor in self.begun, self.hoist)
            self.statements.append(replace(made, iteration=self.iteration))
        self.begun.add(tensor)
        self.written.add(said)
        return Symbol(target, tensor.value, self.emitter, tensor)

    def zeros(self, tensor: Tensor) -> None:
        """The gradient of what the output doesn't depend on."""
        step = self.context.steps[tensor]
        node = self.context.dialect.zeros_like(nd.ShapeLike(tensor))
        remark = f"nothing that forward returns depends on {step.name}"
        self.statements.append(
            Assignment(self.target(tensor), (node,), (), tensor, step, remark=remark)
        )

    def begin(self, tensor: Tensor, at: int) -> None:
        """Zeros before a loop that adds to them. What has their name already gets another."""
        step, target = self.context.steps[tensor], self.target(tensor)
        said = nd.text(target)
        if said in self.written:
            saved = ast.Name(self.names.fresh("grad"), ast.Load())

            def renamed(node: ast.expr) -> ast.expr:
                return saved if isinstance(node, ast.Name) and node.id == said else node

            before, after = self.statements[:at], self.statements[at:]
            for each, found in self.contributions.items():
                self.contributions[each] = [part.rebuilt(renamed) for part in found]
            same = [s.tensor for s in before if nd.shown(s.target) == said]
            kept = Assignment(saved, (target,), tensor=same[-1] if same else None)
            self.statements = [*before, kept, *(s.rebuilt(renamed) for s in after)]
            at += 1
        zeros = self.context.dialect.zeros_like(nd.ShapeLike(tensor))
        self.statements.insert(at, Assignment(target, (zeros,), (), tensor, step))
        self.begun.add(tensor)

    def hoist(self, node: ast.expr, hint: str) -> ast.expr:
        """Gives `node` a statement and a name of its own."""
        target = ast.Name(self.names.helper(hint, self.iteration), ast.Load())
        self.statements.append(Assignment.of(target, node, self.iteration))
        return target

    def save(self, target: ast.expr) -> None:
        """Before `target` gets a new value: what mentions the old one is computed now."""
        said = nd.text(target)
        for found in self.contributions.values():
            for i, each in enumerate(found):
                if nd.mentions(each.symbol.node, said):
                    saved = self.hoist(each.symbol.node, "grad")
                    found[i] = replace(each, symbol=each.symbol.with_node(saved), part=None)
