"""Values that forward has no name for: computed again where they are needed.

One that is needed often, or makes a long line, is computed once, in a statement of its own.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from typing import Any

from byhand.deriving.codegen import nodes as nd
from byhand.deriving.codegen.nodes import Changed, UnnamedValue
from byhand.deriving.recording import Iteration
from byhand.deriving.steps.contributions import Assignment, Leaf
from byhand.deriving.steps.names import NOUNS
from byhand.deriving.steps.sweep import Sweep
from byhand.engine.tensor import Tensor
from byhand.errors import UnsupportedError

OFTEN = 1000  # uses: even a value that takes one operation gets a name
LONG = 68  # characters of a term: what it uses gets names
SECOND_PASS = 1000  # names of values follow those of gradients
MODULES = {"np", "torch", "math"}


class Recomputed:
    """The code of every value: the name it has, or how it is made."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.emitter = sweep.emitter
        self.known: dict[Tensor, ast.expr] = dict(self.emitter.names)
        self.code: dict[Tensor, ast.expr] = {}
        self.round: Iteration | None = None
        self.unrolled: set[int] = set()
        """Loops of which values are computed again round by round."""

    def node(self, tensor: Tensor) -> ast.expr:
        if tensor not in self.known:
            self.known[tensor] = self.made(tensor)
        return self.known[tensor]

    def enter(self, round: Iteration | None) -> None:
        self.round = round
        self.emitter.in_round = round is not None

    def placed(self, statements: list[Assignment]) -> list[Assignment]:
        """Values that are needed often, or are long, get a statement before their first use."""
        counts: Counter[Tensor] = Counter()
        for statement in statements:
            self.enter(statement.round)
            for part in parts(statement):
                self.count(part, counts)
        written: list[Assignment] = []
        here: set[Tensor] = set()  # in the next round their names will stand for others
        for statement in statements:
            self.enter(statement.round)
            if written and written[-1].round != statement.round:
                self.sweep.names.begin(SECOND_PASS)
                self.known = {t: node for t, node in self.known.items() if t not in here}
                here.clear()
            terms = [nd.rebuilt(term, self.spelled) for term in statement.terms]
            long = any(nd.length(term) > LONG for term in terms)
            for part in parts(statement):
                for leaf in nd.leaves(part, UnnamedValue):
                    counts[leaf.tensor] += OFTEN * long
                    before = set(self.known)
                    self.prepare(leaf.tensor, counts, written)
                    here |= self.known.keys() - before if statement.round else set()
            written.append(statement.rebuilt(_with(dict(self.known))))
        return written

    def spelled(self, leaf: ast.expr) -> ast.expr:
        """A value without a name as it would be written out."""
        if isinstance(leaf, UnnamedValue):
            return nd.rebuilt(self.code[leaf.tensor], self.spelled)
        return leaf

    def count(self, node: ast.AST, counts: Counter[Tensor]) -> None:
        """Counts the uses of unnamed values in `node`, and in those values once each."""
        for leaf in nd.leaves(node, UnnamedValue):
            counts[leaf.tensor] += 1
            if counts[leaf.tensor] == 1:
                made = self.code[leaf.tensor] = self.made(leaf.tensor)
                self.count(made, counts)

    def prepare(self, tensor: Tensor, counts: Counter[Tensor], written: list[Assignment]) -> None:
        if tensor in self.known:
            return
        node = self.code[tensor]
        for leaf in nd.leaves(node, UnnamedValue):
            self.prepare(leaf.tensor, counts, written)
        node = nd.rebuilt(node, _with(self.known))
        if isinstance(node, Changed) or counts[tensor] > (OFTEN if _cost(node) == 1 else 1):
            target = ast.Name(self.sweep.names.helper(_hint(tensor, node), self.round), ast.Load())
            changes = (node,) if isinstance(node, Changed) else ()
            written.append(
                Assignment(target, () if changes else (node,), changes, round=self.round)
            )
            node = target
        self.known[tensor] = node

    def made(self, tensor: Tensor) -> ast.expr:
        """The code that computes a value again."""
        if tensor.op is not None:
            self.unrolled |= {r.loop for r in map(self.elsewhere, tensor.args) if r is not None}
            symbols = [self.emitter.symbol(arg) for arg in tensor.args]
            return self.emitter.expression(tensor.op, symbols, tensor.params)
        step = self.sweep.steps.get(tensor)
        if step is None or tensor.constant:
            return self.emitter.node(tensor.value)
        last = self.sweep.recording.program.bindings[step.name][-1]
        raise UnsupportedError(
            f"the backward needs the input {step.name}, which forward overwrites in line "
            f"{last.line}: give the new value a name of its own"
        )

    def elsewhere(self, arg: Any) -> Iteration | None:
        """The other round of a loop that an argument has to be computed again from, if any."""
        if not isinstance(arg, Tensor) or arg in self.emitter.names or arg in self.emitter.listed:
            return None
        round = self.sweep.rounds.made.get(arg)
        return None if round == self.round else round


def _with(known: Mapping[Tensor, ast.expr]) -> Leaf:
    return lambda leaf: known.get(leaf.tensor, leaf) if isinstance(leaf, UnnamedValue) else leaf


def parts(statement: Assignment) -> list[ast.AST]:
    """All trees of a statement but its target."""
    return [part for node in (*statement.terms, *statement.changes) for part in nd.parts(node)]


def _cost(node: ast.expr) -> int:
    """How many operations an expression takes; a name or an item of one takes none."""
    costly = (ast.BinOp, ast.Call, ast.Compare, ast.UnaryOp)
    return sum(isinstance(n, costly) for n in ast.walk(node))


def _hint(tensor: Tensor, node: ast.expr) -> str:
    """A name for a value that forward has none for: `exp_z`."""
    op = tensor.op.name if tensor.op else "value"
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id not in MODULES]
    return "_".join([NOUNS.get(op, op), *names[:1]])
