"""Writing statements down: every leaf gets its words, and every statement its lines."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import groupby

from byhand.deriving.codegen import nodes as nd
from byhand.deriving.codegen.nodes import Changed, ShapeLike
from byhand.deriving.steps.contributions import Assignment
from byhand.deriving.steps.line import Line, added, is_view, merged, total_of
from byhand.deriving.steps.loops import Loops, said
from byhand.deriving.steps.name_resolution import NameResolver, root_of
from byhand.deriving.steps.recomputed import Recomputed, parts
from byhand.deriving.steps.sweep import Sweep
from byhand.deriving.steps.text import WIDTH, text
from byhand.engine.tensor import Tensor

__all__ = ["WIDTH", "Line", "Writer", "text"]

ONE_SUM = 88  # characters: a longer sum of several paths is written with +=


class Writer:
    """Turns the statements of a sweep into lines. `notes` are about all of them."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.emitter = sweep.emitter
        self.dialect = sweep.dialect
        self.values = Recomputed(sweep)
        self.leaves = NameResolver(sweep, self.values)
        self.loops = Loops(self.leaves)

    @property
    def notes(self) -> list[str]:
        unrolled = self.loops.unrolled | self.values.unrolled
        return [said(self.sweep.recording.notes.loops[loop]) for loop in sorted(unrolled)]

    def settled(self, leaf: ast.expr) -> ast.expr:
        """Words for a leaf."""
        return self.leaves.settled(leaf)

    def lines(self) -> list[Line]:
        statements = self.values.placed(self.sweep.statements)
        for statement in statements:
            for part in parts(statement):
                self.leaves.used |= {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
        lines = self.lists(statements)
        done = 0
        for loop, group in groupby(statements, key=lambda s: s.round and s.round.loop):
            block = list(group)
            done += len(block)
            if loop is None:
                lines += self.block(block, statements[done:])
            else:
                lines += self.loops.lines(loop, block, self.block)
        return lines

    def block(self, block: Sequence[Assignment], later: Sequence[Assignment] = ()) -> list[Line]:
        """Statements one after the other. `later` come after them."""
        targets = [nd.shown(s.target) for s in [*block, *later]]
        begun = [s.begun for s in [*block, *later]]
        lines: list[Line] = []
        for i, statement in enumerate(block):
            rest = zip(targets[i + 1 :], begun[i + 1 :], strict=True)
            lines.append(self.line(statement, any(b and t == targets[i] for t, b in rest)))
        return lines

    def lists(self, statements: list[Assignment]) -> list[Line]:
        """Gradients of the items of a list are items of a list."""
        found: list[Line] = []
        names = [s.step.name for s in statements if s.step is not None and "[" in s.step.name]
        for root in dict.fromkeys(root_of(name) for name in names):
            if root in self.sweep.accumulating:
                zeros = nd.text(self.dialect.zeros_like(ast.Name("each", ast.Load())))
                made = f"d{root} = [{zeros} for each in {root}]"
            else:
                made = f"d{root} = [None] * len({root})"
            self.leaves.used.add(root)
            found.append(Line((ast.parse(made).body[0],), root, ""))
        return found

    def line(self, statement: Assignment, again: bool) -> Line:
        """One statement. `again` says that more is added to it later."""
        target = nd.rebuilt(statement.target, self.settled)
        changes: list[Changed] = [nd.rebuilt(c, self.settled) for c in statement.changes]
        made = self.sum(statement, target, again or statement.own or bool(changes))
        for change in changes:
            first = not made and not statement.begun
            if first:
                made.append(ast.Assign([nd.store(target)], self.base(change, statement, target)))
            made += change.change(target, first and change.base is None)
        step = statement.step
        return Line(
            tuple(nd.tidied(node) for node in made),
            step.name if step else "",
            statement.remark,
            step.source if step else "",
            step.line if step else None,
        )

    def sum(self, statement: Assignment, target: ast.expr, own: bool) -> list[ast.stmt]:
        """The terms as one assignment, or if that is long as several. `own`: changed later."""
        terms = merged([nd.tidied(nd.rebuilt(t, self.settled)) for t in statement.terms])
        if not terms:
            return []
        tensor = statement.tensor
        scalar = tensor if tensor is not None and tensor.value.ndim == 0 else None
        if statement.spread and scalar is not None:
            terms = [total_of(terms)]
        elif statement.spread and not statement.begun:
            terms = [self.spread(statement, total_of(terms), target)]
        if len(nd.text(total_of(terms))) <= ONE_SUM or not (statement.whole or statement.begun):
            terms = [total_of(terms)]
        if statement.begun:
            return [added(target, term) for term in terms]
        first, *rest = terms
        if (own or rest) and is_view(first):
            first = self.dialect.copy(first, scalar is not None)
        if scalar is not None and self.plain(first):
            first = self.dialect.constant(first, self.like(scalar))
        assigned = ast.Assign([nd.store(target)], first)
        return [assigned, *(added(target, term) for term in rest)]

    def spread(self, statement: Assignment, total: ast.expr, target: ast.expr) -> ast.expr:
        """A sum that is smaller than its array, in full shape."""
        constant, number = statement.spread == "constant", nd.literal(total)
        if constant and number is not None:
            total = ast.Constant(float(number))
        like = target if statement.tensor is None else self.like(statement.tensor)
        return self.dialect.spread(total, like, constant)

    def base(self, change: Changed, statement: Assignment, target: ast.expr) -> ast.expr:
        """What is changed in place: a copy, or zeros."""
        if change.base is not None:
            return self.dialect.copy(change.base)
        like = change.like if isinstance(change.like, Tensor) else statement.tensor
        if like is not None:
            return self.dialect.zeros_like(self.like(like))
        shape = nd.rebuilt(self.emitter.node(change.like), self.settled)
        return self.dialect.zeros(shape, change.of or target)

    def like(self, tensor: Tensor) -> ast.expr:
        return nd.rebuilt(ShapeLike(tensor), self.settled)

    def plain(self, node: ast.expr) -> bool:
        """Whether an expression has no array in it."""
        arrays = {root_of(nd.text(said)) for said in self.emitter.names.values()}
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return not names & (arrays | {f"d{name}" for name in arrays})
