"""Values that forward has no name for: computed again where they are needed.

One that is needed often, or makes a long line, is computed once, in a statement of its own.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from byhand.codegen import nodes as nd
from byhand.codegen.nodes import Changed, UnnamedValue
from byhand.codegen.notes import Iteration
from byhand.deriving.steps.context import Context
from byhand.deriving.steps.contributions import Assignment, Leaf
from byhand.deriving.steps.names import FreshNames
from byhand.engine.tensor import Tensor
from byhand.errors import UnsupportedError

OFTEN = 1000  # uses: even a value that takes one operation gets a name
LONG = 68  # characters of a term: what it uses gets names
MODULES = {"np", "torch", "math"}


class Recomputation:
    """The code of every value: the name it has, or how it is made. `names` gives out new ones."""

    def __init__(self, context: Context, names: FreshNames) -> None:
        self.context = context
        self.names = names
        self.known: dict[Tensor, ast.expr] = dict(context.names)
        self.code: dict[Tensor, ast.expr] = {}
        self.unrolled: set[int] = set()
        """Loops of which values are computed again iteration by iteration."""

    def node(self, tensor: Tensor, iteration: Iteration | None) -> ast.expr:
        """A value in the words that stand for it in this iteration."""
        if tensor not in self.known:
            self.known[tensor] = self.made(tensor, iteration)
        return self.known[tensor]

    def placed(self, statements: Sequence[Assignment]) -> list[Assignment]:
        """Values that are needed often, or are long, get a statement before their first use."""
        counts: Counter[Tensor] = Counter()
        for statement in statements:
            for part in parts(statement):
                self.count(part, counts, statement.iteration)
        written: list[Assignment] = []
        here: set[Tensor] = set()  # in the next iteration their names will stand for others
        now: Iteration | None = None
        for statement in statements:
            if statement.iteration != now:
                now = statement.iteration
                self.names.begin()
                self.known = {t: node for t, node in self.known.items() if t not in here}
                here.clear()
            terms = [nd.rebuilt(term, self.spelled) for term in statement.terms]
            long = any(nd.length(term) > LONG for term in terms)
            for part in parts(statement):
                for leaf in nd.leaves(part, UnnamedValue):
                    counts[leaf.tensor] += OFTEN * long
                    before = set(self.known)
                    written += self.prepared(leaf.tensor, counts, now)
                    here |= self.known.keys() - before if now else set()
            written.append(statement.rebuilt(_with(dict(self.known))))
        return written

    def spelled(self, leaf: ast.expr) -> ast.expr:
        """A value without a name as it would be written out."""
        if isinstance(leaf, UnnamedValue):
            return nd.rebuilt(self.code[leaf.tensor], self.spelled)
        return leaf

    def count(self, node: ast.AST, counts: Counter[Tensor], iteration: Iteration | None) -> None:
        """Counts the uses of unnamed values in `node`, and in those values once each."""
        for leaf in nd.leaves(node, UnnamedValue):
            counts[leaf.tensor] += 1
            if counts[leaf.tensor] == 1:
                made = self.code[leaf.tensor] = self.made(leaf.tensor, iteration)
                self.count(made, counts, iteration)

    def prepared(
        self, tensor: Tensor, counts: Mapping[Tensor, int], iteration: Iteration | None
    ) -> list[Assignment]:
        """The statements that a value needs before it can be read; it is known afterwards."""
        if tensor in self.known:
            return []
        node = self.code[tensor]
        found: list[Assignment] = []
        for leaf in nd.leaves(node, UnnamedValue):
            found += self.prepared(leaf.tensor, counts, iteration)
        node = nd.rebuilt(node, _with(self.known))
        if isinstance(node, Changed) or counts[tensor] > (OFTEN if _cost(node) == 1 else 1):
            target = ast.Name(self.names.helper(_hint(tensor, node), iteration), ast.Load())
            found.append(Assignment.of(target, node, iteration))
            node = target
        self.known[tensor] = node
        return found

    def made(self, tensor: Tensor, iteration: Iteration | None) -> ast.expr:
        """The code that computes a value again."""
        emitter = self.context.emitter(in_loop=iteration is not None)
        if tensor.op is not None:
            found = (self.elsewhere(arg, iteration) for arg in tensor.args)
            self.unrolled |= {other.loop for other in found if other is not None}
            symbols = [emitter.symbol(arg) for arg in tensor.args]
            return emitter.expression(tensor.op, symbols, tensor.params)
        step = self.context.steps.get(tensor)
        if step is None or tensor.constant:
            return emitter.node(tensor.value)
        last = self.context.program.bindings[step.name][-1]
        raise UnsupportedError(
            f"the backward needs the input {step.name}, which forward overwrites in line "
            f"{last.line}: give the new value a name of its own"
        )

    def elsewhere(self, arg: Any, iteration: Iteration | None) -> Iteration | None:
        """The other iteration that an argument has to be computed again from, if any."""
        if not isinstance(arg, Tensor) or arg in self.context.names:
            return None
        if arg in self.context.endings.items:
            return None
        made = self.context.iterations.get(arg)
        return None if made == iteration else made


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
    said = (tensor.op.noun or tensor.op.name) if tensor.op else "value"
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id not in MODULES]
    return "_".join([said, *names[:1]])
