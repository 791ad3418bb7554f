"""The backward sweep with symbols: which gradient gets which share, in the order to write it down.

As in `byhand.engine.backward`, values are visited in the reverse of the order in which they were
computed, and each passes its share on to what it was computed from. A named value takes a
statement; one without a name only hands an expression on.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from byhand.deriving.codegen import nodes as nd
from byhand.deriving.codegen.dialect import Dialect
from byhand.deriving.codegen.nodes import Changed, UnnamedValue
from byhand.deriving.codegen.symbol import Emitter, Symbol
from byhand.deriving.recording import Iteration, Recording
from byhand.deriving.steps.contributions import (
    Assignment,
    Contribution,
    goes_on,
    in_place,
    joined,
    statement,
)
from byhand.deriving.steps.local import Local
from byhand.deriving.steps.loop_iterations import Rounds
from byhand.deriving.steps.names import NOUNS, Names
from byhand.deriving.steps.order import depending, endings, in_order, list_of, used
from byhand.engine.tensor import Tensor
from byhand.program.program import Step

LONG = 60  # characters: what is longer gets a name


@dataclass
class Sweep:
    """One sweep over a recording, for the gradients of `wanted`."""

    recording: Recording
    dialect: Dialect
    wanted: Sequence[Step]
    statements: list[Assignment] = field(default_factory=list[Assignment])
    shares: dict[Tensor, list[Contribution]] = field(
        default_factory=dict[Tensor, list[Contribution]]
    )

    def __post_init__(self) -> None:
        program, notes = self.recording.program, self.recording.notes
        self.steps: dict[Tensor, Step] = {}
        for step in program:
            self.steps.setdefault(step.tensor, step)
        ends = endings(program, self.steps)
        self.last, self.items = ends.last, ends.items
        looped = {t for t in [*notes.rounds, *self.items] if notes.loops}
        named = {t: node for t, node in self.last.items() if t not in looped}
        self.emitter = Emitter(notes, named, self.dialect, self.hoist)
        self.emitter.listed = set(self.items)
        self.emitter.items = {t for t in looped if t in self.items or t in self.last}
        self.order = in_order([step.tensor for step in program])
        self.places = {tensor: place for place, tensor in enumerate(self.order)}
        wanted = {step.tensor for step in self.wanted}
        live = depending(self.order, wanted)
        # A list of gradients has no gaps: where one item of a list gets one, all do.
        lists = {list_of(step) for step in program if step.tensor in live}
        items = {step.tensor for step in program if list_of(step) in lists and list_of(step)}
        self.live = depending(self.order, wanted | items)
        self.begun: set[Tensor] = set()
        self.written: set[str] = set()
        self.accumulating: set[str] = set()
        """Lists of gradients that begin as zeros: an item gets several shares, or some get none."""
        forward = self.recording.problem.forward
        self.names = Names({*forward.globals, *forward.parameters, *program.locals})
        self.rounds = Rounds(self)
        self.local = Local(self.emitter, notes.rounds)

    def run(self) -> None:
        """Fills `statements`."""
        program = self.recording.program
        outputs = {step.tensor: step for step in program.outputs}
        for tensor, step in outputs.items():
            self.shares[tensor] = [Contribution(self.seed(step))]
        waiting = self.uses(set(outputs))
        counts: dict[str, set[int]] = {}
        for step in program:
            if step.tensor in self.live and self.rounds.made and list_of(step):
                counts.setdefault(list_of(step), set()).add(min(waiting[step.tensor], 2))
        self.accumulating = {name for name, n in counts.items() if n not in ({0}, {1})}
        complete: list[Tensor] = []
        for tensor in reversed(self.order):
            reached = tensor in self.shares or tensor in self.begun
            if tensor in self.rounds.made and tensor in self.steps:
                # Zeros, until something is added.
                reached |= list_of(self.steps[tensor]) in self.accumulating
            if tensor.op is None or not reached or tensor not in self.live:
                continue
            if self.rounds.made.get(tensor) != self.round:
                self.rounds.turn(self.rounds.made.get(tensor))
            if tensor in self.steps and self.round is None:
                self.write_complete(complete)
            g = self.gradient(tensor, tensor in outputs)
            for position, arg in enumerate(tensor.args):
                if isinstance(arg, Tensor) and arg in self.live:
                    self.pass_on(tensor, position, arg, g)
                    waiting[arg] -= 1
                    if arg.op is None and waiting[arg] == 0:
                        complete.append(arg)
        self.rounds.turn(None)
        self.write_complete(complete)
        for step in self.wanted:
            tensor = step.tensor
            if tensor.op is None and tensor in outputs:
                self.write(tensor)
            elif tensor not in self.shares and tensor not in self.begun:
                self.zeros(tensor)

    @property
    def round(self) -> Iteration | None:
        """The round of a loop that the sweep is in."""
        return self.rounds.round

    def seed(self, step: Step) -> Symbol:
        """1 for a scalar loss; else what backward is given as d<name>."""
        if self.recording.program.scalar:
            return Symbol(ast.Constant(1), np.ones(()), self.emitter, step.tensor)
        node = nd.parsed(f"d{step.name}")
        assert node is not None
        return Symbol(node, np.ones(step.shape), self.emitter, step.tensor)

    def uses(self, outputs: set[Tensor]) -> dict[Tensor, int]:
        """How many shares each value will get."""
        return used(self.order, self.live, outputs)

    # One value.

    def gradient(self, tensor: Tensor, is_output: bool) -> Symbol:
        """The complete gradient of a value, to be passed on."""
        step = self.steps.get(tensor)
        op = tensor.op
        assert op is not None
        if is_output and len(self.shares.get(tensor, ())) == 1:
            return self.shares.pop(tensor)[0].symbol
        if step is not None and step.name not in ("loss", "return"):
            return self.write(tensor)
        shares = joined(tensor, self.shares.pop(tensor))
        total = self.total(tensor, [share.symbol for share in shares])
        if _is_short(total.node) or (self.used_once(tensor) and nd.length(total.node) < LONG):
            return total
        node = self.hoist(total.node, f"grad_{NOUNS.get(op.name, op.name)}")
        return Symbol(node, total.value, self.emitter, tensor)

    def used_once(self, tensor: Tensor) -> bool:
        """Whether the gradient of this value is needed in one place only."""
        assert tensor.op is not None
        heirs = sum(isinstance(arg, Tensor) and arg in self.live for arg in tensor.args)
        return heirs == 1

    def total(self, tensor: Tensor, symbols: list[Symbol]) -> Symbol:
        total = self.emitter.plain(symbols[0])
        for symbol in symbols[1:]:
            total = total + self.emitter.plain(symbol)
        return Symbol(total.node, total.value, self.emitter, tensor)

    def pass_on(self, tensor: Tensor, position: int, arg: Tensor, g: Symbol) -> None:
        """Gives an argument of `tensor` its share of the gradient `g`."""
        share = self.local.share(tensor, position, arg, g)
        if share is not None:
            share = replace(share, user=self.user_of(tensor), round=self.round)
            self.shares.setdefault(arg, []).append(share)

    def spread(self, g: Symbol, tensor: Tensor) -> Symbol:
        """`g` in the full shape of `tensor`."""
        return self.local.spread(g, tensor)

    def user_of(self, tensor: Tensor) -> str:
        """The name that the value goes into."""
        if tensor in self.steps:
            return self.steps[tensor].name
        owners = self.recording.program.owners.get(tensor, ())
        return owners[0] if owners else ""

    # Statements.

    def write(self, tensor: Tensor) -> Symbol:
        """Writes the gradient of a named value down; gives its name."""
        step = self.steps[tensor]
        target = nd.parsed(f"d{step.name}")
        assert target is not None
        said = nd.text(target)
        shares = joined(tensor, self.shares.pop(tensor, []))
        if said in self.written and tensor not in self.begun:
            if len(shares) == 1 and goes_on(shares[0], said, tensor):
                self.save(target)
                shares = in_place(shares[0])
                self.begun.add(tensor)
                if shares:  # what was read of the array before must not change with it
                    self.statements = [s.apart(said) for s in self.statements]
            else:
                self.shares[tensor] = shares
                self.save(target)
                del self.shares[tensor]
        if list_of(step) and self.recording.notes.loops:
            target = nd.Item(tensor, True)
        if list_of(step) in self.accumulating:
            self.begun.add(tensor)
        if shares or tensor not in self.begun:
            made = statement(target, tensor, step, shares, tensor in self.begun, self.hoist)
            self.statements.append(replace(made, round=self.round))
        self.begun.add(tensor)
        self.written.add(said)
        return Symbol(target, tensor.value, self.emitter, tensor)

    def write_complete(self, complete: list[Tensor]) -> None:
        """Inputs whose shares are all there, in forward's order."""
        order = {step.tensor: i for i, step in enumerate(self.recording.program.inputs)}
        for tensor in sorted(complete, key=lambda t: order.get(t, -1)):
            if tensor in self.steps:
                self.write(tensor)
        complete.clear()

    def zeros(self, tensor: Tensor) -> None:
        """The gradient of what the output doesn't depend on."""
        step = self.steps[tensor]
        target = nd.parsed(f"d{step.name}")
        assert target is not None
        node = self.dialect.zeros_like(nd.ShapeLike(tensor))
        remark = f"nothing that forward returns depends on {step.name}"
        self.statements.append(Assignment(target, (node,), (), tensor, step, remark=remark))

    def hoist(self, node: ast.expr, hint: str) -> ast.expr:
        """Gives `node` a statement and a name of its own."""
        target = ast.Name(self.names.helper(hint, self.round), ast.Load())
        changes = (node,) if isinstance(node, Changed) else ()
        terms = () if changes else (node,)
        self.statements.append(Assignment(target, terms, changes, round=self.round))
        return target

    def fresh(self, name: str) -> str:
        """A name that nothing has yet."""
        return self.names.fresh(name)

    def save(self, target: ast.expr) -> None:
        """Before `target` gets a new value: shares that mention the old one are computed now."""
        text = nd.text(target)
        for shares in self.shares.values():
            for i, share in enumerate(shares):
                node = share.symbol.node
                if nd.mentions(node, text):
                    saved = self.hoist(node, "grad")
                    symbol = Symbol(saved, share.symbol.value, self.emitter, share.symbol.tensor)
                    shares[i] = replace(share, symbol=symbol, piece=None)


def _is_short(node: ast.expr) -> bool:
    return isinstance(node, (ast.Name, ast.Constant, UnnamedValue, nd.Item)) or (
        isinstance(node, (ast.Attribute, ast.Subscript)) and _is_short(node.value)
    )
